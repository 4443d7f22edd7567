import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { dockerApiVersion } from '../system/dockerEngine.ts'
import { exec, execText } from '../system/exec.ts'
import { until } from '../system/until.ts'
import { compareVersions } from '../system/version.ts'
import type { ClusterDefinition } from './definition.ts'
import { dataInNode, moveDataOut } from './moveData.ts'
import { type ClusterObservation, compareDefinition, observeCluster } from './observe.ts'
import { removeCluster } from './removeCluster.ts'
import { removeToolsNode } from './toolsNode.ts'

export interface EnsureOptions {
  readonly signal?: AbortSignal | undefined
  /** Called as soon as the registry takes images, possibly long before the cluster is there. */
  readonly onRegistryReady?: () => void
  readonly onProgress?: (message: string) => void
  /** Called before the cluster is deleted, to be made anew: what works on it is to end. */
  readonly onRemake?: () => Promise<unknown>
  /** Called whenever the registry or the cluster is about to be made, from images that this Docker has or would pull. */
  readonly beforeCreating?: () => Promise<void>
}

export interface EnsureResult {
  /** What was done, in the order it was done; empty when everything was there. */
  readonly done: readonly string[]
  /** Whether it is another cluster than before. */
  readonly isNew: boolean
}

const CREATE_TIMEOUT_MS = 600_000
const START_TIMEOUT_MS = 180_000
const CTLPTL_API_VERSION = '1.52'
const API_DEADLINE_MS = 60_000
const REGISTRY_DEADLINE_MS = 30_000

/**
 * Brings the cluster and its registry to where they have to be. A cluster that was made from another definition is made
 * anew; its data is outside of it, or is brought there first. `ctlptl apply` deletes a cluster that is stopped,
 * unreachable or defined differently (ctlptl 0.9.3), so it runs only where there is none.
 * @throws NebulaError when a step fails.
 */
export async function ensureCluster(definition: ClusterDefinition, options: EnsureOptions = {}): Promise<EnsureResult> {
  const seen = await observeCluster(definition)
  const done: string[] = []
  const step = async (message: string, action: () => Promise<unknown>) => {
    options.signal?.throwIfAborted()
    options.onProgress?.(message)
    await action()
    done.push(message)
  }

  if (seen.hasToolsNode) await step('deleting what an interrupted k3d left', () => removeToolsNode(definition))
  await ensureRegistry(definition, seen, step, options)
  await registryAnswers(definition, options)
  options.onRegistryReady?.()

  if (seen.nodes === 'absent') {
    await step(`creating the cluster ${definition.context}`, () => applyDefinition(definition, options))
    return { done, isNew: true }
  }
  if (seen.nodes !== 'running') {
    await step(`starting the cluster ${definition.context}`, () => startNodes(definition, options))
  } else if (seen.startedWithoutK3d) {
    await step(`restarting the cluster ${definition.context}, which Docker had started without k3d`, () =>
      restartNodes(definition, options),
    )
  }
  if (!seen.inKubeconfig) {
    await step('putting the cluster back into kubeconfig', () =>
      execText([
        'k3d',
        'kubeconfig',
        'merge',
        definition.k3dName,
        '--kubeconfig-merge-default',
        '--kubeconfig-switch-context',
      ]),
    )
  }
  if (!seen.registryAttached) {
    await step('connecting the registry to the cluster', () => attachRegistry(definition))
  }
  if (!(await apiAnswers(definition, options))) {
    await step(`restarting the cluster ${definition.context}, which does not answer`, async () => {
      await restartNodes(definition, options)
      if (!(await apiAnswers(definition, options))) throw unreachable(definition)
    })
  }
  return { isNew: await matchDefinition(definition, step, options), done }
}

type ReportedStep = (message: string, action: () => Promise<unknown>) => Promise<void>

async function ensureRegistry(
  definition: ClusterDefinition,
  seen: ClusterObservation,
  step: ReportedStep,
  options: EnsureOptions,
) {
  if (seen.registry === 'running') return
  if (seen.registry === 'stopped') {
    // ctlptl would delete it and make a new one, without the images in it.
    const started = await exec(['docker', 'start', definition.registryName])
    if (started.exitCode === 0) return await step('starting the image registry', async () => {})
    // Its network was deleted under it: Docker never starts it again. What it held is only a copy.
    await execText(['docker', 'rm', '--volumes', definition.registryName])
  }
  await step('creating the image registry', () => ctlptlApply('-', options, definition.registryYaml))
}

async function registryAnswers(definition: ClusterDefinition, options: EnsureOptions) {
  const url = `http://127.0.0.1:${definition.registryPort}/v2/`
  const answers = () =>
    fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    )
  if (await until(answers, { deadlineMs: REGISTRY_DEADLINE_MS, signal: options.signal })) return
  throw new NebulaError(`the image registry ${definition.registryName} does not answer at ${url}`, {
    code: 'REGISTRY_UNREACHABLE',
    hint: `docker logs --tail 30 ${definition.registryName}`,
    exitCode: ExitCode.TimedOut,
  })
}

async function applyDefinition(definition: ClusterDefinition, options: EnsureOptions) {
  await cleaningUp(definition, () => ctlptlApply(definition.file, options))
}

/** Runs k3d; one that is ended in the middle, by Ctrl-C say, leaves its helper behind. */
async function cleaningUp(definition: ClusterDefinition, action: () => Promise<unknown>) {
  try {
    await action()
  } catch (error) {
    await removeToolsNode(definition)
    throw error
  }
}

/** ctlptl's Docker client speaks 1.52 and does not ask what the engine speaks (ctlptl 0.9.3, moby client). */
async function ctlptlApply(file: string, options: EnsureOptions, input?: string) {
  await options.beforeCreating?.()
  const engine = process.env.DOCKER_API_VERSION ?? (await dockerApiVersion())
  const version = engine && compareVersions(engine, CTLPTL_API_VERSION) < 0 ? engine : undefined
  await execText(['ctlptl', 'apply', '-f', file], {
    env: { DOCKER_API_VERSION: version },
    timeoutMs: CREATE_TIMEOUT_MS,
    // It has k3d make the cluster, which would go on making it.
    group: true,
    ...(input === undefined ? {} : { input }),
    signal: options.signal,
  })
}

async function startNodes(definition: ClusterDefinition, options: EnsureOptions) {
  const argv = ['k3d', 'cluster', 'start', definition.k3dName]
  await cleaningUp(definition, () => execText(argv, { timeoutMs: START_TIMEOUT_MS, signal: options.signal }))
}

/** Not `k3d cluster restart`, which is the same and came only with k3d 5.9. */
async function restartNodes(definition: ClusterDefinition, options: EnsureOptions) {
  await stopNodes(definition, options.signal)
  await startNodes(definition, options)
}

/** @throws NebulaError when k3d fails. */
export async function stopNodes(definition: ClusterDefinition, signal?: AbortSignal): Promise<void> {
  await execText(['k3d', 'cluster', 'stop', definition.k3dName], { timeoutMs: START_TIMEOUT_MS, signal })
}

async function attachRegistry(definition: ClusterDefinition) {
  const connected = await exec(['docker', 'network', 'connect', definition.context, definition.registryName])
  if (connected.exitCode === 0 || /already exists in network/.test(connected.stderr)) return
  throw new NebulaError(
    `the registry ${definition.registryName} cannot join the cluster's network: ${connected.stderr.trim()}`,
    {
      code: 'REGISTRY_DETACHED',
      hint: `docker network connect ${definition.context} ${definition.registryName}`,
      exitCode: ExitCode.Failed,
    },
  )
}

/** @returns whether the cluster was made anew. */
async function matchDefinition(
  definition: ClusterDefinition,
  step: ReportedStep,
  options: EnsureOptions,
): Promise<boolean> {
  const changes = await compareDefinition(definition)
  if (changes !== 'unfinished') {
    if (changes.length > 0) await remake(definition, changes, step, options)
    return changes.length > 0
  }
  // Making it was interrupted. Nothing was deployed into it yet, so there is nothing to lose; otherwise it stays.
  if (await hasNamespace(definition)) return false
  await step(`finishing the cluster ${definition.context}, whose creation was interrupted`, () =>
    applyDefinition(definition, options),
  )
  return true
}

async function remake(
  definition: ClusterDefinition,
  changes: readonly string[],
  step: ReportedStep,
  options: EnsureOptions,
) {
  const inNode = await dataInNode(definition)
  // An image that cannot be had, or may not run, is found out while the old cluster still stands.
  await options.beforeCreating?.()
  await options.onRemake?.()
  if (inNode.length > 0) {
    const claims = inNode.map(({ claim }) => claim).join(', ')
    await step(`moving the data out of the cluster (${claims}) into the volume ${definition.data.volume}`, async () => {
      await stopNodes(definition, options.signal)
      await moveDataOut(definition, inNode)
    })
  }
  await step(
    `making the cluster ${definition.context} anew, for infra/ctlptl.yaml changed (${changes.join(', ')})`,
    async () => {
      await removeCluster(definition)
      await applyDefinition(definition, options)
    },
  )
}

async function hasNamespace(definition: ClusterDefinition): Promise<boolean> {
  const found = await execText([
    'kubectl', '--context', definition.context, 'get', 'namespace', definition.namespace, '--ignore-not-found', '-o', 'name',
  ]) // biome-ignore format: one command
  return found !== ''
}

async function apiAnswers(definition: ClusterDefinition, options: EnsureOptions): Promise<boolean> {
  return await until(
    async () => {
      const ready = await exec([
        'kubectl',
        '--context',
        definition.context,
        '--request-timeout=5s',
        'get',
        '--raw',
        '/readyz',
      ])
      return ready.exitCode === 0
    },
    { deadlineMs: API_DEADLINE_MS, signal: options.signal },
  )
}

function unreachable(definition: ClusterDefinition) {
  return new NebulaError(`the cluster ${definition.context} runs, but its API does not answer, also after a restart`, {
    code: 'CLUSTER_UNREACHABLE',
    hint: `docker logs --tail 30 ${definition.node}`,
    exitCode: ExitCode.TimedOut,
  })
}
