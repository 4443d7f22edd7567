import { z } from 'zod'
import { exec } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'

const Metadata = z.object({
  name: z.string(),
  uid: z.string(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.object({ uid: z.string() })).default([]),
})
const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
})
const Conditions = z.array(Condition).default([])
const Terminated = z.object({ exitCode: z.int(), reason: z.string().default(''), message: z.string().default('') })
const State = z.object({
  waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
  running: z.object({}).optional(),
  terminated: Terminated.optional(),
})
const ContainerStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  restartCount: z.int(),
  state: State.default({}),
  lastState: State.default({}),
})
const SecurityContext = z.object({ runAsUser: z.int().optional() }).default({})
const Container = z.object({
  name: z.string(),
  image: z.string(),
  securityContext: SecurityContext,
  resources: z
    .object({
      requests: z.record(z.string(), z.string()).default({}),
      limits: z.record(z.string(), z.string()).default({}),
    })
    .default({ requests: {}, limits: {} }),
})
const Pod = z.object({
  kind: z.literal('Pod'),
  metadata: Metadata,
  spec: z.object({
    containers: z.array(Container),
    initContainers: z.array(Container).default([]),
    restartPolicy: z.string().default('Always'),
    securityContext: SecurityContext,
  }),
  status: z.object({
    phase: z.string().default(''),
    reason: z.string().default(''),
    message: z.string().default(''),
    conditions: Conditions,
    initContainerStatuses: z.array(ContainerStatus).default([]),
    containerStatuses: z.array(ContainerStatus).default([]),
  }),
})
const ReplicaSet = z.object({
  kind: z.literal('ReplicaSet'),
  metadata: Metadata,
  spec: z.object({ replicas: z.int().default(1) }),
  status: z.object({ conditions: Conditions }),
})
const Job = z.object({ kind: z.literal('Job'), metadata: Metadata, status: z.object({ conditions: Conditions }) })
const Event = z.object({
  kind: z.literal('Event'),
  involvedObject: z.object({ uid: z.string().default('') }),
  type: z.string().default(''),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTimestamp: z.string().nullish(),
})
const List = z.object({ items: z.array(z.discriminatedUnion('kind', [Pod, ReplicaSet, Job, Event])) })

export type Pod = z.infer<typeof Pod>
export type Container = z.infer<typeof Container>
export type ContainerStatus = z.infer<typeof ContainerStatus>
export type Terminated = z.infer<typeof Terminated>
export type Event = z.infer<typeof Event>

/** What Kubernetes (1.36) has of the stack: what was to run, what became of it, and what was said about it. */
export interface KubeObjects {
  /** When it was asked, milliseconds since 1970. */
  readonly at: number
  readonly pods: readonly Pod[]
  readonly replicaSets: readonly z.infer<typeof ReplicaSet>[]
  readonly jobs: readonly z.infer<typeof Job>[]
  readonly events: readonly Event[]
}

const TIMEOUT_MS = 5_000

/** kubectl for the stack's namespace, as a person would paste it too. */
export function kubectl({ context, namespace }: Pick<ClusterDefinition, 'context' | 'namespace'>): readonly string[] {
  return ['kubectl', '--context', context, '-n', namespace]
}

/**
 * Asks the cluster, in one call.
 * @returns null when it does not answer: it starts, or it ends.
 */
export async function kubeObjects(definition: ClusterDefinition): Promise<KubeObjects | null> {
  const argv = [...kubectl(definition), 'get', 'pods,replicasets,jobs,events', '-o', 'json']
  const at = Date.now()
  const got = await exec(argv, { timeoutMs: TIMEOUT_MS }).catch(() => null)
  return got?.exitCode === 0 ? parseKubeObjects(JSON.parse(got.stdout), at) : null
}

/** Sorts what `kubectl get … -o json` printed by its kind. */
export function parseKubeObjects(list: unknown, at: number): KubeObjects {
  const { items } = List.parse(list)
  return {
    at,
    pods: items.filter((item) => item.kind === 'Pod'),
    replicaSets: items.filter((item) => item.kind === 'ReplicaSet'),
    jobs: items.filter((item) => item.kind === 'Job'),
    events: items.filter((item) => item.kind === 'Event'),
  }
}
