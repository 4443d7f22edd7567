import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { AuthConfig, type AuthProvider } from '../auth/providers.ts'
import { makeCall, runAs } from '../engine/execution.ts'
import { frames } from '../engine/functionError.ts'
import type { CronSpec, Deployment, HttpRouter } from './deployment.ts'
import { type DeployedFunction, functionsOf } from './functions.ts'
import { AUTH_PATH, PushError, SCHEMA_PATH, type SourceModule } from './pushRequest.ts'
import { fingerprintOf, type Revisions } from './revisions.ts'
import { analyzeSchema } from './schema.ts'

type Exports = Record<string, unknown>

const Router = z.custom<HttpRouter>((value) => typeof value === 'object' && value !== null && 'isRouter' in value)
const Crons = z.object({ crons: z.record(z.string(), z.custom<CronSpec>()) })

/**
 * Imports one revision and says what is in it. The modules' own code runs, with the deployment's environment as
 * `process.env`; nothing else changes.
 * @throws PushError when a module does not load or is not what its name promises.
 */
export async function loadRevision(
  revisions: Revisions,
  revision: number,
  environment: Readonly<Record<string, string>>,
): Promise<Deployment> {
  const sources = revisions.read(revision)
  const load = (module: SourceModule, env: Readonly<Record<string, string>> = environment) =>
    importModule(revisions.fileOf(revision, module.path), module.path, env)
  const named = (path: string) => sources.modules.find((module) => module.path === path)

  const functions = new Map<string, DeployedFunction>()
  const entries = sources.modules.filter((module) => isEntry(module.path))
  let http: HttpRouter | null = null
  let crons: Readonly<Record<string, CronSpec>> = {}
  for (const module of entries) {
    const exports = await load(module)
    for (const deployed of analyze(module.path, exports)) functions.set(deployed.path, deployed)
    if (module.path === 'http.js') http = httpRouterOf(exports)
    if (module.path === 'crons.js') crons = cronsOf(exports)
  }
  const schema = named(SCHEMA_PATH)
  const auth = named(AUTH_PATH)
  return {
    revision,
    fingerprint: fingerprintOf(sources, environment),
    functions,
    modules: entries.map((module) => module.path),
    http,
    crons,
    schema: schema ? analyzeSchema(await load(schema)) : null,
    auth: auth ? authProvidersOf(await load(auth, strict(environment))) : [],
    environment,
  }
}

function isEntry(path: string): boolean {
  return !path.startsWith('_deps/') && path !== SCHEMA_PATH && path !== AUTH_PATH && path !== 'convex.config.js'
}

async function importModule(
  file: string,
  path: string,
  environment: Readonly<Record<string, string>>,
): Promise<Exports> {
  try {
    return await runAs('import', makeCall(path, 'action', environment), () => import(pathToFileURL(file).href))
  } catch (error) {
    if (error instanceof PushError) throw error
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const place = (error instanceof Error && frames(error)) || `    at ${path}`
    throw new PushError('InvalidModules', `Loading the pushed modules failed.\nUncaught ${message}\n${place}`)
  }
}

function analyze(path: string, exports: Exports): DeployedFunction[] {
  try {
    return functionsOf(path.replace(/\.m?js$/, ''), exports)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new PushError('InvalidModules', `Hit an error while analyzing ${path}: ${message}`)
  }
}

function httpRouterOf(exports: Exports): HttpRouter {
  const parsed = Router.safeParse(exports.default)
  if (parsed.success) return parsed.data
  throw new PushError('InvalidHttpRouter', 'The default export of http.ts must be a router made by httpRouter().')
}

function cronsOf(exports: Exports): Readonly<Record<string, CronSpec>> {
  const parsed = Crons.safeParse(exports.default)
  if (parsed.success) return parsed.data.crons
  throw new PushError('InvalidCrons', 'The default export of crons.ts must be made by cronJobs().')
}

function authProvidersOf(exports: Exports): readonly AuthProvider[] {
  const parsed = AuthConfig.safeParse(exports.default)
  if (parsed.success) return parsed.data.providers
  throw new PushError('InvalidAuthConfig', `auth.config.ts is malformed: ${z.prettifyError(parsed.error)}`)
}

/** As in Convex, auth.config.ts may read only what is set: an empty key set would lock everybody out silently. */
function strict(environment: Readonly<Record<string, string>>): Record<string, string> {
  return new Proxy(environment, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name)
      const message = `Environment variable ${name} is used in auth config file but its value was not set`
      throw new PushError('AuthConfigMissingEnvironmentVariable', message)
    },
  })
}
