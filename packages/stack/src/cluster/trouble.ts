import { firstLine } from '../system/text.ts'
/** Why a service's container does not run. `other`: what is not known here, in the words of the kubelet. */
export type TroubleKind =
  | 'permission-denied'
  | 'no-such-program'
  | 'no-such-image'
  | 'registry-unreachable'
  | 'wrong-architecture'
  | 'missing-config'
  | 'out-of-memory'
  | 'unschedulable'
  | 'init-failed'
  | 'crash-loop'
  | 'volume'
  | 'refused'
  | 'other'

/** What is wrong and what to do, before it is known of which pod. */
export interface Finding {
  readonly kind: TroubleKind
  /** One line for a person. */
  readonly summary: string
  /** A command that shows more, or where to mend it. */
  readonly hint: string
  /** Kubernetes will try again, in vain: only an edit helps. */
  readonly hopeless: boolean
}

/** A container that ran and ended, to ask for its last lines. */
export interface EndedRun {
  readonly pod: string
  readonly container: string
  readonly image: string
  readonly restarts: number
  /** It runs again: the lines are those of the run before. */
  readonly runsAgain: boolean
}

/** Why a service does not run, by what the kubelet, the scheduler and the API server say of it. */
export interface PodTrouble extends Finding {
  /** What Kubernetes said, without its preamble. */
  readonly detail: string
  /** It is being tried again at this moment, and may work. */
  readonly retrying: boolean
  /** Of what: another pod is another chance. */
  readonly uid: string
  /** Since when that is there, ISO 8601. */
  readonly since: string
  /** Absent when no container ran. */
  readonly run?: EndedRun
}

/** What findings need to name commands that work. */
export interface TroubleContext {
  /** The id of the service: its label, its Tilt resource, its name in the commands. */
  readonly service: string
  /** `kubectl --context … -n …`. */
  readonly kubectl: string
  /** Host and port of the project's registry as the nodes name it. */
  readonly registry: string
}

/** Tag and digest. */
const TAG = /(?::[\w.-]+)?(?:@\S+)?$/
const LONGEST_TAG = 24
/** How Tilt tags what it has built. */
const BUILT_HERE = /:tilt-[0-9a-f]+$/

/** The command for a wrong image: one that was built here is built anew, another one stands in a manifest. */
export function imageHint(image: string, { service }: TroubleContext): string {
  return BUILT_HERE.test(image) ? `tilt trigger ${service}` : `grep -rn '${image.replace(TAG, '')}' infra`
}

/** An image's reference that leaves room for a message beside it: a commit or a digest as a tag takes half a line. */
export function shortImage(image: string): string {
  return image.replace(TAG, (tag) => (tag.length > LONGEST_TAG ? `${tag.slice(0, LONGEST_TAG - 1)}…` : tag))
}

/** The command that shows all that Kubernetes has of a service's pods. */
export function describePods({ kubectl, service }: TroubleContext): string {
  return `${kubectl} describe pod -l app=${service}`
}

/** What is not known here, in Kubernetes' own words. */
export function otherFinding(words: string, context: TroubleContext): Finding {
  return { kind: 'other', summary: firstLine(words), hint: describePods(context), hopeless: false }
}

/** A program for another processor than this machine's. */
export function wrongArchitecture(what: string, image: string, context: TroubleContext): Finding {
  return {
    kind: 'wrong-architecture',
    summary: `${what} is built for another processor architecture`,
    hint: imageHint(image, context),
    hopeless: true,
  }
}
