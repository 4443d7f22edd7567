import { containerFinding } from './containerTrouble.ts'
import type { Event, KubeObjects, Pod } from './kubeObjects.ts'
import { creationFinding, isComplete, mountFinding, schedulingFinding } from './placementTrouble.ts'
import { otherFinding, type PodTrouble, type TroubleContext } from './trouble.ts'

const ENDED = ['Failed', 'Succeeded']

/**
 * Why a service does not run, by what Kubernetes says of its newest pods.
 * @returns null when nothing is wrong, which includes a pod that only waits or has not been started yet.
 */
export function podTrouble(objects: KubeObjects, context: TroubleContext): PodTrouble | null {
  const owner = currentOwner(objects, context.service)
  // A pod that failed before it stays, and says nothing any more.
  if (owner?.kind === 'Job' && isComplete(owner)) return null
  const all = objects.pods.filter(
    ({ metadata }) =>
      metadata.labels.app === context.service &&
      metadata.deletionTimestamp === undefined &&
      (owner === null || metadata.ownerReferences.some(({ uid }) => uid === owner.metadata.uid)),
  )
  // A pod that ended (evicted, say) counts only while no other one has taken its place.
  const live = all.filter((pod) => !ENDED.includes(pod.status.phase))
  const pods = (live.length > 0 ? live : all).toSorted((a, b) => created(b) - created(a))
  // One that serves is enough: what is wrong with a second one is wrong with the scaling.
  if (pods.some(isReady)) return null
  for (const pod of pods) {
    const trouble = troubleOfPod(pod, objects, context)
    if (trouble) return { ...trouble, uid: pod.metadata.uid, since: pod.metadata.creationTimestamp }
  }
  if (!owner || pods.length > 0) return null
  const finding = creationFinding(owner, objects.events, context)
  return finding && { ...finding, retrying: false, uid: owner.metadata.uid, since: owner.metadata.creationTimestamp }
}

/** What is to have pods now: the newest revision of a Deployment, or a Job. Old revisions keep what was wrong with them. */
function currentOwner({ replicaSets, jobs }: KubeObjects, service: string) {
  const revision = (set: (typeof replicaSets)[number]) =>
    Number(set.metadata.annotations['deployment.kubernetes.io/revision'] ?? 0)
  const [newest] = replicaSets
    .filter(({ metadata }) => metadata.labels.app === service)
    .toSorted((a, b) => revision(b) - revision(a))
  return newest ?? jobs.find(({ metadata }) => metadata.name === service) ?? null
}

function troubleOfPod(
  pod: Pod,
  objects: KubeObjects,
  context: TroubleContext,
): Omit<PodTrouble, 'uid' | 'since'> | null {
  const unscheduled = pod.status.conditions.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
  if (unscheduled?.reason === 'Unschedulable') {
    const finding = schedulingFinding(unscheduled.message, pod, objects, context)
    return { ...finding, detail: unscheduled.message, retrying: false }
  }
  if (pod.status.phase === 'Failed' && pod.status.reason !== '') {
    const words = `${pod.status.reason}: ${pod.status.message}`
    return { ...otherFinding(words, context), detail: words, retrying: false }
  }
  const events = objects.events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata.uid)
  for (const [containers, statuses, isInit] of [
    [pod.spec.initContainers, pod.status.initContainerStatuses, true],
    [pod.spec.containers, pod.status.containerStatuses, false],
  ] as const) {
    for (const status of statuses) {
      const container = containers.find(({ name }) => name === status.name)
      const failedProbe = probeThatFailed(events, status.name)
      const finding = container && containerFinding({ pod, container, status, isInit, failedProbe }, context)
      if (finding) return { ...finding, retrying: finding.retrying || isPulling(events) }
    }
  }
  return mountFinding(pod, { events, at: objects.at }, context)
}

/** Which probe the kubelet ended a container for. */
function probeThatFailed(events: readonly Event[], container: string): string | undefined {
  const pattern = new RegExp(`^Container ${container} failed (\\w+) probe`)
  return (
    events.map(({ reason, message }) => reason === 'Killing' && pattern.exec(message)?.[1]).find(Boolean) || undefined
  )
}

/** The kubelet says "ErrImagePull" until the next pull has ended, however long that takes. */
function isPulling(events: readonly Event[]): boolean {
  const last = (reason: string) =>
    Math.max(
      0,
      ...events.filter((event) => event.reason === reason).map((event) => Date.parse(event.lastTimestamp ?? '')),
    )
  return last('Pulling') > Math.max(last('Failed'), last('Pulled'))
}

function isReady(pod: Pod): boolean {
  return pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

function created(pod: Pod): number {
  return Date.parse(pod.metadata.creationTimestamp)
}
