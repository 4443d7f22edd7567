import { z } from 'zod'

/** A bundled source file. `path` is relative to the folder of the functions: `runs.js`, `_deps/ABC123.js`. */
export const SourceModule = z.object({
  // Below the revision's folder and nowhere else.
  path: z.string().regex(/^(?!.*(?:^|\/)\.\.(?:\/|$))[\w.@+-][\w.@+/-]*\.(?:js|mjs)$/, 'a module path'),
  source: z.string(),
  sourceMap: z.string().optional(),
  environment: z.enum(['isolate', 'node']),
})
export type SourceModule = z.infer<typeof SourceModule>

/** What `convex deploy` sends to start_push and evaluate_push. Source: convex, src/cli/lib/deployApi/startPush.ts */
export const PushRequest = z.object({
  dryRun: z.boolean(),
  functions: z.string(),
  appDefinition: z.object({
    schema: SourceModule.nullable(),
    changedModules: z.array(SourceModule),
    unchangedModuleHashes: z.array(z.object({ path: z.string() })),
    udfServerVersion: z.string(),
  }),
  componentDefinitions: z.array(z.unknown()),
  nodeDependencies: z.array(z.object({ name: z.string() })),
})
export type PushRequest = z.infer<typeof PushRequest>

/** The sources that belong to a push, and what they were pushed with. Stored as `manifest.json` beside them. */
export const Sources = z.object({ serverVersion: z.string(), modules: z.array(SourceModule) })
export type Sources = z.infer<typeof Sources>

export const SCHEMA_PATH = 'schema.js'
export const AUTH_PATH = 'auth.config.js'

/** A push that cannot be taken. The CLI shows code and message. */
export class PushError extends Error {
  override readonly name = 'PushError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** @throws PushError when it needs what the stand-in has not: components, external Node.js packages. */
export function sourcesOf(request: PushRequest): Sources {
  const { appDefinition } = request
  if (request.componentDefinitions.length > 0) {
    throw new PushError('ComponentsNotSupported', 'Components are not supported by the Convex stand-in.')
  }
  const [external] = request.nodeDependencies
  if (external) {
    const message = `External packages ("${external.name}" in convex.json) are not supported by the Convex stand-in.`
    throw new PushError('ExternalPackagesNotSupported', message)
  }
  if (appDefinition.unchangedModuleHashes.length > 0) {
    throw new PushError('RaceDetected', 'The deployment does not have these modules any more. Push again.')
  }
  const modules = appDefinition.changedModules.filter((module) => module.path !== SCHEMA_PATH)
  if (appDefinition.schema) modules.push(appDefinition.schema)
  return { serverVersion: appDefinition.udfServerVersion, modules }
}
