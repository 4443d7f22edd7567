import path from 'node:path'
import { forwardedPorts, writeForwardedPorts } from '../codespaces/browserUrls.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import { followServices, type StartResult } from '../driver/followServices.ts'
import { reportChecks } from '../driver/reportChecks.ts'
import type { UpOptions } from '../driver/stackDriver.ts'
import { ensureSecrets, loadSecrets } from '../secrets/secrets.ts'
import { hasStagedSecrets } from '../secrets/stagedSecrets.ts'
import { applySecrets } from './applySecrets.ts'
import { bringImages, refuseOthers } from './bringImages.ts'
import type { ClusterContext } from './context.ts'
import { ensureDataVolume } from './dataVolume.ts'
import { ensureCluster } from './ensure.ts'
import { clusterWatch } from './follow.ts'
import { loadImageLock } from './imageLock.ts'
import { baseImages, dockerImages, nodeImages, serviceImages } from './images.ts'
import { heldAsLocked, type MirrorResult, mirrorImages, mirrorWarnings } from './mirror.ts'
import { ensurePersistentVolumes } from './persistentVolumes.ts'
import { podWatch } from './podWatch.ts'
import { checkMachine } from './preflight.ts'
import type { PullOptions } from './pullImages.ts'
import { keepSecrets, recoverSecrets } from './recoverSecrets.ts'
import { ensureTilt, retryFailed, stopTilt } from './tilt.ts'

/** Tilt applies it too, for whoever edits it. */
const NAMESPACE_FILE = 'infra/namespace.k8s.yaml'

/**
 * Brings the stack up on k3d: checks, cluster, images, secrets, Tilt, services. Does again only what is missing.
 * @returns how the services ended up.
 * @throws NebulaError when a precondition is not met or a step before the services fails.
 */
export async function upCluster(context: ClusterContext, options: UpOptions): Promise<StartResult> {
  await applyCluster(context, options)
  await startTilt(context, options)
  return await waitForServices(context, options)
}

/**
 * The first part of `upCluster`: checks the machine, then brings up the cluster with its registry, the images in it and
 * the secrets of the checkout.
 * @throws NebulaError when a precondition is not met or a step fails.
 */
export async function applyCluster(
  context: ClusterContext,
  { onEvent, signal, acceptDataLoss }: UpOptions,
): Promise<void> {
  const { root, catalogue, definition, tiltPort } = context
  await reportChecks(onEvent, () => checkMachine(context))
  if ((await ensureDataVolume(root, definition, { acceptDataLoss })) === 'elsewhere') {
    const message = 'the data of this checkout is in another Docker; in this one the stack starts with none'
    onEvent({ type: 'step', id: 'data', state: 'warning', message })
  }
  // Images go into the registry while the cluster is made: together they are the longest part of a first start.
  const registryReady = Promise.withResolvers<void>()
  const images = registryReady.promise.then(() => pushImages(context, onEvent, signal))
  // An error of the cluster comes first and ends `up`; one of the images is then not worth a second message.
  images.catch(() => {})
  await reportStep(
    onEvent,
    'cluster',
    `Cluster ${definition.context}`,
    async (onProgress) => {
      const onRemake = () => stopTilt({ root, port: tiltPort })
      const beforeCreating = async () => await bring(root, await dockerImages(root, definition), { onProgress, signal })
      const onRegistryReady = registryReady.resolve
      const result = await ensureCluster(definition, { onProgress, onRegistryReady, beforeCreating, onRemake, signal })
      // A Tilt from before speaks to a cluster that is gone.
      if (result.isNew) await onRemake()
      await ensurePersistentVolumes(root, definition)
      return result
    },
    ({ done }) => (done.length > 0 ? done.join(', ') : 'running'),
  )
  // One that runs would show what it deployed with the old ones as green until it has noticed. A new one deploys first.
  if (hasStagedSecrets(root)) await stopTilt({ root, port: tiltPort })
  const secrets = await ensureSecrets(root, { recover: () => recoverSecrets(definition) })
  await reportStep(
    onEvent,
    'secrets',
    'Secrets',
    () => applySecrets(definition, secrets, path.join(root, NAMESPACE_FILE)),
    (restarted) => {
      if (restarted === null) return 'handed to the cluster'
      return restarted.length > 0 ? `new; starting anew: ${restarted.join(', ')}` : 'as they were'
    },
  )
  await keepSecrets(definition, secrets)
  await writeForwardedPorts(root, forwardedPorts(catalogue, context.codespace))
  await images
}

/**
 * The second part: starts Tilt in the background, or has the one that runs try again what failed.
 * @throws NebulaError when Tilt ends at once, or the Tiltfile has an error.
 */
export async function startTilt(context: ClusterContext, { onEvent, signal }: UpOptions): Promise<void> {
  const { root, definition, tiltPort } = context
  await reportStep(
    onEvent,
    'tilt',
    'Tilt',
    async () => {
      const state = await ensureTilt({ root, context: definition.context, port: tiltPort, signal })
      return { state, retried: state === 'running' ? await retryFailed(tiltPort) : [] }
    },
    ({ state, retried }) => {
      if (state === 'started') return 'started'
      return retried.length > 0 ? `was running; trying again: ${retried.join(', ')}` : 'was running'
    },
  )
}

/**
 * The third part: waits until every service is green, has failed, or its time is up.
 * @throws NebulaError when the checkout has no secrets: the cluster was not applied.
 */
export async function waitForServices(context: ClusterContext, options: UpOptions): Promise<StartResult> {
  const { root, catalogue, tiltPort } = context
  const start = performance.now()
  return await followServices(
    {
      catalogue,
      deadlineMs: options.timeoutMs,
      onChange: (status) => options.onEvent({ type: 'service', status, ms: Math.round(performance.now() - start) }),
      signal: options.signal,
    },
    clusterWatch({ root, catalogue, secrets: await loadSecrets(root), tiltPort, pods: podWatch(context) }),
  )
}

async function pushImages(
  { root, definition }: ClusterContext,
  onEvent: OnEvent,
  signal: AbortSignal | undefined,
): Promise<void> {
  // The node's own first: it asks for them while this goes on.
  const images = [...(await nodeImages(root)), ...(await serviceImages(root))]
  const result = await reportStep(
    onEvent,
    'images',
    'Images',
    async (onProgress) => {
      const held = await heldAsLocked(images, definition, await loadImageLock(root))
      await bring(root, [...images, ...(await baseImages(root))], { onProgress, signal, held })
      const lock = await loadImageLock(root)
      return await mirrorImages(images, definition, { onPush: (image) => onProgress(`pushing ${image}`), signal, lock })
    },
    describeMirror,
  )
  for (const message of mirrorWarnings(result)) onEvent({ type: 'step', id: 'images', state: 'warning', message })
}

/** @throws NebulaError when something else than a locked image would run. */
async function bring(
  root: string,
  images: readonly string[],
  { onProgress, ...options }: Pick<PullOptions, 'signal' | 'held'> & { readonly onProgress: (message: string) => void },
): Promise<void> {
  const onPull = (image: string) => onProgress(`pulling ${image}`)
  refuseOthers((await bringImages(root, images, { ...options, onPull })).failed)
}

function describeMirror({ pushed, present, upstream, failed }: MirrorResult): string {
  const parts = [
    present.length > 0 ? `${present.length} in the registry` : '',
    pushed.length > 0 ? `${pushed.length} pushed` : '',
    upstream.length + failed.length > 0 ? `${upstream.length + failed.length} from upstream` : '',
  ]
  return parts.filter(Boolean).join(', ')
}
