import { isDeepStrictEqual, stripVTControlCharacters } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { exec, execText } from '../system/exec.ts'
import { lastLines } from '../system/text.ts'
import type { ClusterDefinition } from './definition.ts'
import { toolsNodeOf } from './toolsNode.ts'

/** What is there of the cluster, found without changing anything. */
export interface ClusterObservation {
  readonly nodes: 'absent' | 'stopped' | 'partly-stopped' | 'running'
  /** Whether running nodes lack what k3d gives them at a start: Docker started them on its own. */
  readonly startedWithoutK3d: boolean
  /** Whether k3d was ended in the middle and left its helper behind. */
  readonly hasToolsNode: boolean
  readonly registry: 'absent' | 'stopped' | 'running'
  /** Whether the registry is on the cluster's network; meaningless without nodes. */
  readonly registryAttached: boolean
  /** Whether kubeconfig knows the cluster. */
  readonly inKubeconfig: boolean
}

/** The name under which nodes and pods reach the machine that k3d runs on. */
const HOST_NAME = 'host.k3d.internal'

const K3dClusters = z.array(
  z.object({
    serversCount: z.int(),
    serversRunning: z.int(),
    // k3d names no role for its helper.
    nodes: z.array(z.object({ name: z.string(), role: z.string().optional() })).default([]),
  }),
)
const Container = z.tuple([
  z.object({
    State: z.object({ Running: z.boolean() }),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
  }),
])

/**
 * Looks at the cluster, its registry and kubeconfig.
 * @throws NebulaError when Docker, k3d or kubectl is missing or does not answer.
 */
export async function observeCluster(definition: ClusterDefinition): Promise<ClusterObservation> {
  const [nodes, registry, contexts] = await Promise.all([
    observeNodes(definition),
    observeRegistry(definition),
    execText(['kubectl', 'config', 'get-contexts', '-o', 'name']),
  ])
  return { ...nodes, ...registry, inKubeconfig: contexts.split('\n').includes(definition.context) }
}

type NodesObservation = Pick<ClusterObservation, 'nodes' | 'startedWithoutK3d' | 'hasToolsNode'>

async function observeNodes(definition: ClusterDefinition): Promise<NodesObservation> {
  const cluster = await listedCluster(definition)
  const seen = { startedWithoutK3d: false, hasToolsNode: false }
  if (!cluster) return { ...seen, nodes: 'absent' }
  const nodes = cluster.nodes.filter(({ name }) => name !== toolsNodeOf(definition))
  seen.hasToolsNode = nodes.length < cluster.nodes.length
  if (nodes.length === 0) return { ...seen, nodes: 'absent' }
  if (cluster.serversRunning === 0) return { ...seen, nodes: 'stopped' }
  if (cluster.serversRunning < cluster.serversCount) return { ...seen, nodes: 'partly-stopped' }
  const names = nodes.filter(({ role }) => role === 'server' || role === 'agent').map(({ name }) => name)
  return { ...seen, nodes: 'running', startedWithoutK3d: !(await haveHostEntries(names)) }
}

async function listedCluster(definition: ClusterDefinition): Promise<z.infer<typeof K3dClusters>[number] | undefined> {
  const listed = await exec(['k3d', 'cluster', 'list', definition.k3dName, '-o', 'json'])
  if (listed.exitCode === 0) return K3dClusters.parse(JSON.parse(listed.stdout))[0]
  // k3d exits with 1 for "no such cluster" and for "no Docker" alike.
  if (/no nodes found/i.test(listed.stderr + listed.stdout)) return undefined
  throw new NebulaError(`k3d cannot list its clusters: ${lastLine(listed.stderr)}`, {
    code: 'K3D_FAILED',
    hint: 'npm run doctor',
    exitCode: ExitCode.Precondition,
  })
}

/** What k3d says last is what went wrong; before it come hints for developers of k3d. */
function lastLine(text: string): string {
  const plain = lastLines(stripVTControlCharacters(text), 1)
  return plain.replace(/^\w+\[\d+\] /, '')
}

async function observeRegistry(
  definition: ClusterDefinition,
): Promise<Pick<ClusterObservation, 'registry' | 'registryAttached'>> {
  const inspected = await exec(['docker', 'container', 'inspect', definition.registryName])
  if (inspected.exitCode !== 0 && /no such container/i.test(inspected.stderr)) {
    return { registry: 'absent', registryAttached: false }
  }
  // k3d takes a Docker that does not answer for one without clusters: here is where it shows.
  if (inspected.exitCode !== 0) {
    throw new NebulaError(`Docker does not answer: ${lastLine(inspected.stderr)}`, {
      code: 'DOCKER_UNREACHABLE',
      hint: 'npm run doctor',
      exitCode: ExitCode.Precondition,
    })
  }
  const [container] = Container.parse(JSON.parse(inspected.stdout))
  return {
    registry: container.State.Running ? 'running' : 'stopped',
    registryAttached: definition.context in container.NetworkSettings.Networks,
  }
}

/**
 * How the running cluster's stored definition compares with the file: what has changed, by its place in it. `unfinished`:
 * ctlptl never got to store one.
 */
export type StoredDefinition = 'unfinished' | readonly string[]

/**
 * Compares the definition that the running cluster was made from with the file.
 * ctlptl keeps it in the ConfigMap kube-public/ctlptl-cluster-spec (ctlptl 0.9.3, pkg/cluster/cluster.go).
 * @throws NebulaError when the cluster does not answer.
 */
export async function compareDefinition(definition: ClusterDefinition): Promise<StoredDefinition> {
  const found = await exec([
    'kubectl', '--context', definition.context, '--request-timeout=10s', '-n', 'kube-public',
    'get', 'configmap', 'ctlptl-cluster-spec', '-o', 'jsonpath={.data.cluster\\.v1alpha1}', '--ignore-not-found',
  ]) // biome-ignore format: one command
  if (found.exitCode !== 0)
    await execText(['kubectl', '--context', definition.context, '--request-timeout=10s', 'get', '--raw', '/readyz'])
  if (found.stdout.trim() === '') return 'unfinished'
  const stored = z.looseObject({ k3d: z.unknown() }).parse(parse(found.stdout))
  return differences(withoutDefaults(stored.k3d), withoutDefaults(definition.k3d), [])
}

/** Places, `v1alpha5Simple.image` for example, at which two values differ; a list counts as one place. */
function differences(before: unknown, after: unknown, place: readonly string[]): readonly string[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isRecord(before) || !isRecord(after)) return [place.join('.')]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => differences(before[key], after[key], [...place, key]))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** ctlptl stores its zero values too (`wait: false`, `kubeconfig: {}`): they say nothing, so they are no difference. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
    .map(([key, item]) => [key, withoutDefaults(item)] as const)
    .filter(([, item]) => !isZero(item))
    .sort(([a], [b]) => a.localeCompare(b))
  return Object.fromEntries(entries)
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/**
 * Whether running nodes were started by k3d. It writes the machine's name into their /etc/hosts and into CoreDNS, after
 * each start (k3d 5.9, ClusterStart). When Docker itself starts them, as it does after the daemon or the machine was
 * restarted, both are lost; `k3d cluster start` leaves running nodes alone and does not bring them back.
 * @param nodes names of the containers of servers and agents.
 * @returns false when none of them has the entry.
 */
async function haveHostEntries(nodes: readonly string[]): Promise<boolean> {
  const found = await Promise.all(nodes.map(hasHostEntry))
  return found.length === 0 || found.some(Boolean)
}

/** A node that cannot be asked may be about to end: that is not for this check to find out. */
async function hasHostEntry(node: string): Promise<boolean> {
  const asked = await exec(['docker', 'exec', node, 'cat', '/etc/hosts'])
  return asked.exitCode !== 0 || asked.stdout.split('\n').some((line) => line.split(/\s+/).includes(HOST_NAME))
}
