import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Secrets } from '../secrets/secrets.ts'
import { exec, execText } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl } from './kubeObjects.ts'
import { clusterSecret, SECRET } from './recoverSecrets.ts'

const Dated = z.object({ creationTimestamp: z.string() })
const Workloads = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      metadata: Dated.extend({
        name: z.string(),
        labels: z.record(z.string(), z.string()).default({}),
        deletionTimestamp: z.string().optional(),
      }),
      spec: z.looseObject({
        strategy: z.object({ type: z.string() }).optional(),
        selector: z.object({ matchLabels: z.record(z.string(), z.string()) }).optional(),
      }),
    }),
  ),
})
type Workload = z.infer<typeof Workloads>['items'][number]

const ENDED_TIMEOUT_S = 60

/**
 * Hands the secrets of a checkout to the cluster, and starts anew what still runs on others. Not by Tilt: its page would
 * show them to whoever reaches its port. Ended in the middle and called again, it does the rest: the Secret is made anew
 * when it changes, so that a pod that is older than it runs on what was before.
 * @param namespaceFile the manifest of the namespace that they go to.
 * @returns the names of the deployments that start anew; null when there was no Secret before.
 * @throws NebulaError when the cluster does not take them.
 */
export async function applySecrets(
  definition: ClusterDefinition,
  secrets: Secrets,
  namespaceFile: string,
): Promise<readonly string[] | null> {
  const cluster = kubectl(definition)
  // No secret: it stands in every log, and in a ConfigMap.
  const { convexInstanceName: _, ...values } = secrets
  const found = await clusterSecret(definition)
  if (!found) await execText([...cluster, 'apply', '-f', namespaceFile])
  const isThere = found !== null && isDeepStrictEqual(found.values, values)
  const restarted = await restartOlder(cluster, isThere ? found.since : await makeSecret(definition, values))
  return found ? restarted : null
}

/** @returns when it was made, ISO 8601. */
async function makeSecret(definition: ClusterDefinition, values: object): Promise<string> {
  const cluster = kubectl(definition)
  await execText([...cluster, 'delete', 'secret', SECRET, '--ignore-not-found'])
  const metadata = { name: SECRET, namespace: definition.namespace }
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata, stringData: values })
  await execText([...cluster, 'create', '-f', '-'], { input })
  const made = await execText([...cluster, 'get', 'secret', SECRET, '-o', 'json'])
  return z.object({ metadata: Dated }).parse(JSON.parse(made)).metadata.creationTimestamp
}

/**
 * @param since when the Secret was made.
 * @returns the deployments that had pods from before it.
 */
async function restartOlder(cluster: readonly string[], since: string): Promise<readonly string[]> {
  const got = await execText([...cluster, 'get', 'deployments,pods', '-o', 'json'])
  const { items } = Workloads.parse(JSON.parse(got))
  const old = items.filter(({ kind, metadata }) => kind === 'Pod' && isLiving(metadata) && isBefore(metadata, since))
  const stale = items
    .filter(({ kind, spec }) => kind === 'Deployment' && takesSecret(spec))
    .map((deployment) => ({ deployment, pods: old.filter((pod) => isOf(pod, deployment)) }))
    .filter(({ pods }) => pods.length > 0)
  if (stale.length === 0) return []
  const names = stale.map(({ deployment }) => deployment.metadata.name)
  await execText([...cluster, 'rollout', 'restart', ...names.map((name) => `deployment/${name}`)])
  // Until they are gone, they look healthy. Of the others, the old pods serve until the new ones are ready.
  const ending = stale
    .filter(({ deployment }) => deployment.spec.strategy?.type === 'Recreate')
    .flatMap(({ pods }) => pods.map(({ metadata }) => `pod/${metadata.name}`))
  if (ending.length > 0) {
    const timeoutMs = (ENDED_TIMEOUT_S + 10) * 1_000
    await exec([...cluster, 'wait', '--for=delete', ...ending, `--timeout=${ENDED_TIMEOUT_S}s`], { timeoutMs })
  }
  return names
}

function isLiving({ deletionTimestamp }: Workload['metadata']): boolean {
  return deletionTimestamp === undefined
}

/** Kubernetes counts in whole seconds, and a pod waits for its Secret: of the same second, the pod is the later one. */
function isBefore({ creationTimestamp }: Workload['metadata'], since: string): boolean {
  return Date.parse(creationTimestamp) < Date.parse(since)
}

function isOf({ metadata }: Workload, { spec }: Workload): boolean {
  const wanted = Object.entries(spec.selector?.matchLabels ?? {})
  return wanted.length > 0 && wanted.every(([name, value]) => metadata.labels[name] === value)
}

/** By a variable, a volume, or whatever else names it: nothing else in a pod has this name. */
function takesSecret(spec: Workload['spec']): boolean {
  return JSON.stringify(spec).includes(`"${SECRET}"`)
}
