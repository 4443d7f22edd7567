import { TASK_QUEUE } from '@nebula/shared'
import { z } from 'zod'
import { LOG_LEVELS, type LogLevel } from './log.ts'

const PrivateKey = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text)
    } catch {
      context.addIssue({ code: 'custom', message: 'not JSON' })
      return z.NEVER
    }
  })
  .pipe(z.looseObject({ kty: z.literal('EC'), crv: z.literal('P-256'), kid: z.string(), d: z.string() }))

const Config = z.object({
  TEMPORAL_ADDRESS: z.string().regex(/^[^:]+:\d+$/, 'host:port'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_TASK_QUEUE: z.string().min(1).default(TASK_QUEUE),
  CONVEX_URL: z.url(),
  NEBULA_SERVICE_KEY: PrivateKey,
  HEALTH_HOST: z.string().min(1).default('127.0.0.1'),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  WORKFLOW_BUNDLE: z.string().min(1).optional(),
  DRAIN_GRACE_MS: z.coerce.number().int().min(0).max(15_000).default(10_000),
  LOG_LEVEL: z.enum(LOG_LEVELS).default('info'),
})

export type ServiceKey = z.infer<typeof PrivateKey>

/** Everything that a worker has to know from outside. */
export interface Config {
  /** `host:port` */
  readonly temporalAddress: string
  readonly namespace: string
  readonly taskQueue: string
  readonly convexUrl: string
  readonly serviceKey: ServiceKey
  readonly healthHost: string
  readonly healthPort: number
  /** Workflow code that was bundled when the image was built; in development it is bundled at start. */
  readonly workflowBundle: string | undefined
  /** Milliseconds that running activities get to end when the worker stops. */
  readonly drainGraceMs: number
  readonly logLevel: LogLevel
}

/**
 * Reads the configuration from environment variables.
 * @throws Error that names every variable that is missing or wrong, without its value.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = Config.safeParse(env)
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path[0]?.toString()}: ${issue.message}`)
    throw new Error(`the worker's environment is not complete:\n${problems.join('\n')}`)
  }
  const variables = parsed.data
  return {
    temporalAddress: variables.TEMPORAL_ADDRESS,
    namespace: variables.TEMPORAL_NAMESPACE,
    taskQueue: variables.TEMPORAL_TASK_QUEUE,
    convexUrl: variables.CONVEX_URL,
    serviceKey: variables.NEBULA_SERVICE_KEY,
    healthHost: variables.HEALTH_HOST,
    healthPort: variables.HEALTH_PORT,
    workflowBundle: variables.WORKFLOW_BUNDLE,
    drainGraceMs: variables.DRAIN_GRACE_MS,
    logLevel: variables.LOG_LEVEL,
  }
}
