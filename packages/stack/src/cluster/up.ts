import { forwardedPorts, writeForwardedPorts } from '../codespaces/browserUrls.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import { followServices, type StartResult } from '../driver/followServices.ts'
import { reportChecks } from '../driver/reportChecks.ts'
import type { UpOptions } from '../driver/stackDriver.ts'
import { ensureSecrets, loadSecrets } from '../secrets/secrets.ts'
import type { ClusterContext } from './context.ts'
import { ensureCluster } from './ensure.ts'
import { clusterWatch } from './follow.ts'
import { nodeImages, serviceImages } from './images.ts'
import { type MirrorResult, mirrorImages, mirrorWarnings } from './mirror.ts'
import { podWatch } from './podWatch.ts'
import { checkMachine } from './preflight.ts'
import { recoverSecrets } from './recoverSecrets.ts'
import { ensureTilt, retryFailed } from './tilt.ts'

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
export async function applyCluster(context: ClusterContext, { onEvent, signal }: UpOptions): Promise<void> {
  const { root, catalogue, definition } = context
  await reportChecks(onEvent, () => checkMachine(context))
  // Images go into the registry while the cluster is made: together they are the longest part of a first start.
  const registryReady = Promise.withResolvers<void>()
  const images = registryReady.promise.then(() => pushImages(context, onEvent, signal))
  // An error of the cluster comes first and ends `up`; one of the images is then not worth a second message.
  images.catch(() => {})
  await reportStep(
    onEvent,
    'cluster',
    `Cluster ${definition.context}`,
    (onProgress) => ensureCluster(definition, { onProgress, onRegistryReady: registryReady.resolve, signal }),
    (done) => (done.length > 0 ? done.join(', ') : 'running'),
  )
  await ensureSecrets(root, { recover: () => recoverSecrets(definition) })
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
    (onProgress) =>
      mirrorImages(images, definition, {
        onPush: (image) => onProgress(`pushing ${image}`),
        signal,
      }),
    describeMirror,
  )
  for (const message of mirrorWarnings(result)) onEvent({ type: 'step', id: 'images', state: 'warning', message })
}

function describeMirror({ pushed, present, upstream, failed }: MirrorResult): string {
  const parts = [
    present.length > 0 ? `${present.length} in the registry` : '',
    pushed.length > 0 ? `${pushed.length} pushed` : '',
    upstream.length + failed.length > 0 ? `${upstream.length + failed.length} from upstream` : '',
  ]
  return parts.filter(Boolean).join(', ')
}
