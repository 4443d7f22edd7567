import { z } from 'zod'
import { exec, execText } from '../system/exec.ts'

const Resource = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({
    updateStatus: z.string().default(''),
    runtimeStatus: z.string().default(''),
    // model.TriggerMode: from 2 on, it starts only when somebody asks for it.
    triggerMode: z.int().default(0),
    lastDeployTime: z.string().nullish(),
    waiting: z
      .object({ reason: z.string().optional(), on: z.array(z.object({ name: z.string() })).default([]) })
      .nullish(),
    buildHistory: z.array(z.object({ error: z.string().optional() })).default([]),
    k8sResourceInfo: z
      .object({
        podName: z.string().optional(),
        podStatus: z.string().optional(),
        podStatusMessage: z.string().optional(),
        podRestarts: z.int().default(0),
        podCreationTime: z.string().nullish(),
      })
      .optional(),
  }),
})
const Resources = z.object({ items: z.array(Resource) })
const Sessions = z.object({
  items: z.array(
    z.object({ spec: z.object({ tiltfilePath: z.string() }), status: z.looseObject({ pid: z.int().optional() }) }),
  ),
})

/** The Tiltfile of a checkout, and by its name in parentheses the resource that stands for it. */
export const TILTFILE = 'infra/Tiltfile'
export const TILTFILE_RESOURCE = '(Tiltfile)'

/** What Tilt says of one resource (tilt 0.37, `UIResource`). */
export interface TiltResource {
  readonly name: string
  readonly updateStatus: string
  readonly runtimeStatus: string
  /** Whether it only ever starts when a person asks for it. */
  readonly isOnDemand: boolean
  readonly waitsFor: readonly string[]
  readonly buildError: string | undefined
  readonly podStatus: string | undefined
  readonly podMessage: string | undefined
  readonly restarts: number
  /** When it was last deployed, ISO 8601. */
  readonly deployedAt: string | undefined
}

/**
 * What the Tilt on this port knows of its resources.
 * @returns null when no Tilt answers there (yet).
 */
export async function tiltResources(port: number): Promise<ReadonlyMap<string, TiltResource> | null> {
  const got = await exec(['tilt', 'get', 'uiresources', '-o', 'json', '--port', String(port)], { timeoutMs: 10_000 })
  if (got.exitCode !== 0) return null
  const resources = Resources.parse(JSON.parse(got.stdout)).items.map(toResource)
  return new Map(resources.map((resource) => [resource.name, resource]))
}

/**
 * The Tiltfile that the Tilt on this port runs, and its process.
 * @returns null when no Tilt answers there.
 */
export async function tiltSession(port: number): Promise<{ tiltfile: string; pid: number | undefined } | null> {
  const got = await exec(['tilt', 'get', 'sessions', '-o', 'json', '--port', String(port)], { timeoutMs: 10_000 })
  if (got.exitCode !== 0) return null
  const [session] = Sessions.parse(JSON.parse(got.stdout)).items
  return session ? { tiltfile: session.spec.tiltfilePath, pid: session.status.pid } : null
}

/** The last lines of what Tilt has of a resource: its build and its pods. Empty when Tilt has none. */
export async function tiltLogs(port: number, resource: string, lines: number): Promise<readonly string[]> {
  const text = await execText(['tilt', 'logs', '--port', String(port), '--tail', String(lines), resource], {
    timeoutMs: 10_000,
  }).catch(() => '')
  return text
    .split('\n')
    .map((line) => line.replace(/^.*? │ ?/, ''))
    .filter((line) => line.trim() !== '')
}

function toResource({ metadata, status }: z.infer<typeof Resource>): TiltResource {
  const pod = status.k8sResourceInfo
  return {
    name: metadata.name,
    updateStatus: status.updateStatus,
    runtimeStatus: status.runtimeStatus,
    isOnDemand: status.triggerMode >= 2,
    waitsFor: status.waiting?.on.map((dependency) => dependency.name) ?? [],
    buildError: status.buildHistory[0]?.error,
    podStatus: pod?.podStatus,
    podMessage: pod?.podStatusMessage,
    restarts: pod?.podRestarts ?? 0,
    deployedAt: status.lastDeployTime ?? undefined,
  }
}
