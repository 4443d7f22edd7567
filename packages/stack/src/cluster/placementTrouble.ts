import type { Event, KubeObjects, Pod } from './kubeObjects.ts'
import { describePods, type Finding, otherFinding, type PodTrouble, type TroubleContext } from './trouble.ts'

/** The kubelet tries a volume again after two minutes at most: what it said before is over. */
const MOUNT_EVENT_HOLDS_MS = 130_000
const MOUNT = ['FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox']
/** What the kubelet does once a pod has its volumes and its network. */
const AFTER_MOUNT = ['Pulling', 'Pulled', 'Created', 'Started']

/** Why no node takes a pod, in the words of the scheduler. */
export function schedulingFinding(message: string, pod: Pod, objects: KubeObjects, context: TroubleContext): Finding {
  const scarce = /Insufficient (memory|cpu)/.exec(message)?.[1]
  if (scarce !== undefined) {
    return {
      kind: 'unschedulable',
      summary: `it asks for ${requested(pod, scarce)} of ${scarce}, more than the machine has left`,
      hint: `grep -rn -A2 requests infra/services/${context.service}`,
      // Not while something ends: that gives back what it has.
      hopeless: !objects.pods.some((other) => isLeaving(other)),
    }
  }
  const hint = describePods(context)
  const claim = /persistentvolumeclaim "([^"]+)" not found/.exec(message)?.[1]
  if (claim !== undefined) {
    return { kind: 'volume', summary: `the volume claim "${claim}" does not exist`, hint, hopeless: false }
  }
  if (/unbound immediate PersistentVolumeClaims/.test(message)) {
    return {
      kind: 'volume',
      summary: 'its volume is not there yet',
      hint: `${context.kubectl} describe pvc`,
      hopeless: false,
    }
  }
  if (/disk-pressure/.test(message)) {
    return {
      kind: 'unschedulable',
      summary: 'the disk is too full to start it',
      hint: 'npm run doctor',
      hopeless: false,
    }
  }
  return { kind: 'unschedulable', summary: 'no node can run it yet', hint, hopeless: false }
}

/** Why something has no pods at all: the API server refuses them. */
export function creationFinding(
  owner: KubeObjects['replicaSets'][number] | KubeObjects['jobs'][number],
  events: readonly Event[],
  context: TroubleContext,
): (Finding & { detail: string }) | null {
  if (isComplete(owner)) return null
  const condition = owner.status.conditions.find(
    ({ type, status }) => status === 'True' && (type === 'ReplicaFailure' || type === 'Failed'),
  )
  // A Job has no condition for it.
  const event = events.findLast(
    ({ involvedObject, reason }) => involvedObject.uid === owner.metadata.uid && reason === 'FailedCreate',
  )
  const detail = condition?.message ?? (owner.kind === 'Job' ? event?.message : undefined)
  if (detail === undefined) return null
  const what = owner.kind === 'Job' ? `job ${owner.metadata.name}` : `rs -l app=${context.service}`
  const hint = `${context.kubectl} describe ${what}`
  const violations = /violates PodSecurity "[^"]*": (.*)$/s.exec(detail)?.[1]
  if (violations !== undefined) {
    // What stands in brackets says which container; the detail has it.
    const summary = `Pod Security forbids it: ${violations.replaceAll(/ \([^)]*\)/g, '')}`
    return { kind: 'refused', summary, hint, hopeless: true, detail }
  }
  if (condition?.type === 'Failed')
    return { kind: 'other', summary: `the job gave up: ${detail}`, hint, hopeless: true, detail }
  const quota = /exceeded quota: .*/.exec(detail)?.[0]
  if (quota !== undefined) return { kind: 'refused', summary: quota, hint, hopeless: false, detail }
  return { ...otherFinding(detail, context), hint, detail }
}

/** Whether a Job has done its work. */
export function isComplete({ status }: Pick<KubeObjects['jobs'][number], 'status'>): boolean {
  return status.conditions.some(({ type, status: holds }) => type === 'Complete' && holds === 'True')
}

/** What keeps a pod from starting any container, from the kubelet's events. */
export function mountFinding(
  pod: Pod,
  { events, at }: Pick<KubeObjects, 'events' | 'at'>,
  context: TroubleContext,
): Omit<PodTrouble, 'uid' | 'since'> | null {
  const statuses = [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]
  if (statuses.some(({ state }) => !state.waiting)) return null
  const said = (event: Event) => Date.parse(event.lastTimestamp ?? '')
  // The event stays when what it tells of is over: what comes after it shows that it is.
  const wentOn = Math.max(0, ...events.filter(({ reason }) => AFTER_MOUNT.includes(reason)).map(said))
  const message = events
    .filter((event) => MOUNT.includes(event.reason) && said(event) > wentOn && at - said(event) < MOUNT_EVENT_HOLDS_MS)
    .toSorted((a, b) => said(a) - said(b))
    .at(-1)?.message
  if (message === undefined) return null
  const volume = /volume "([^"]+)" : (.*)$/.exec(message)
  const finding: Finding = volume
    ? { kind: 'volume', summary: `volume ${volume[1]}: ${volume[2]}`, hint: describePods(context), hopeless: false }
    : otherFinding(message, context)
  return { ...finding, detail: message, retrying: false }
}

/** Pods that give their memory back by themselves: what is being deleted, and jobs. */
function isLeaving({ metadata, spec, status }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined || (spec.restartPolicy !== 'Always' && status.phase === 'Running')
}

function requested(pod: Pod, resource: string): string {
  return pod.spec.containers
    .map(({ resources }) => resources.requests[resource])
    .filter(Boolean)
    .join(' + ')
}
