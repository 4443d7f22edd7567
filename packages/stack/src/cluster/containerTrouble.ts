import { configFinding } from './configTrouble.ts'
import { imageFinding } from './imageTrouble.ts'
import type { Container, ContainerStatus, Pod, Terminated } from './kubeObjects.ts'
import {
  describePods,
  type EndedRun,
  type Finding,
  otherFinding,
  shortImage,
  type TroubleContext,
  wrongArchitecture,
} from './trouble.ts'

/** What is wrong with one container, what the kubelet says, and which run of it ended. */
export interface ContainerFinding extends Finding {
  readonly detail: string
  readonly retrying: boolean
  readonly run?: EndedRun
}

/** One container of a pod. */
export interface Place {
  readonly pod: Pod
  readonly container: Container
  readonly status: ContainerStatus
  readonly isInit: boolean
  /** "startup" or "liveness", when the kubelet ended it for that. */
  readonly failedProbe: string | undefined
}

/** What a container waits for when all is well. */
const PATIENT = ['', 'ContainerCreating', 'PodInitializing']
const IMAGE = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError']
/** The runtime could not execute the program. */
const NOT_EXECUTED = ['StartError', 'ContainerCannotRun']
/** What a node that comes up again says of the containers that it had. */
const NODE_STOPPED = ['Unknown', 'ContainerStatusUnknown']
/** A restart after these is nobody's fault: a stop, a probe, a node that went down. */
const ENDED_FROM_OUTSIDE = [0, 130, 137, 143, 255]
/** Of the runtime's words only the end says what happened; of a pull's, too. */
const PREAMBLE =
  /Back-off pulling image "[^"]*": |failed to create containerd task: |failed to create shim task: |OCI runtime create failed: |runc create failed: |unable to start container process: |error during container init: |rpc error: code = \w+ desc = |failed to pull and unpack image "[^"]*": |failed to resolve reference "[^"]*": /g

/**
 * Why a container does not run.
 * @returns null when nothing is wrong: it runs, did its work, or has not been started yet.
 */
export function containerFinding(place: Place, context: TroubleContext): ContainerFinding | null {
  const { state, lastState, ready } = place.status
  if (state.waiting) {
    const { reason, message } = state.waiting
    if (PATIENT.includes(reason)) return null
    // A back-off says nothing of its own: what it is about is the run before.
    if (reason === 'CrashLoopBackOff' && lastState.terminated) return endFinding(lastState.terminated, place, context)
    return { retrying: false, detail: plain(reason, message), ...waitFinding(reason, message, place, context) }
  }
  if (state.terminated) {
    const done = state.terminated.exitCode === 0 && (place.isInit || place.pod.spec.restartPolicy !== 'Always')
    return done || NODE_STOPPED.includes(state.terminated.reason) ? null : endFinding(state.terminated, place, context)
  }
  const last = lastState.terminated
  if (!state.running || ready || !last) return null
  const byItself = last.reason === 'OOMKilled' || !ENDED_FROM_OUTSIDE.includes(last.exitCode)
  return byItself ? { ...endFinding(last, place, context), retrying: true } : null
}

function waitFinding(reason: string, message: string, place: Place, context: TroubleContext): Finding {
  const known = IMAGE.includes(reason)
    ? imageFinding(reason, message, place.container.image, context)
    : (configFinding(message, place.container, context) ?? executionFinding(message, place, context))
  return known ?? otherFinding(plain(reason, message), context)
}

function endFinding(end: Terminated, place: Place, context: TroubleContext): ContainerFinding {
  const { pod, container, status, isInit, failedProbe } = place
  const detail = plain(end.reason, end.message)
  if (NOT_EXECUTED.includes(end.reason)) {
    const finding = executionFinding(end.message, place, context) ?? otherFinding(detail, context)
    return { retrying: false, detail, ...finding }
  }
  const who = isInit ? `init container ${container.name}` : container.name
  const outOfMemory = end.reason === 'OOMKilled'
  const limit = container.resources.limits.memory
  const how = outOfMemory
    ? `was killed: it took more than ${limit ? `its ${limit} of memory` : 'the machine has'}`
    : failedProbe && ENDED_FROM_OUTSIDE.includes(end.exitCode)
      ? `was ended: its ${failedProbe} probe failed`
      : `exited with code ${end.exitCode}`
  return {
    kind: outOfMemory ? 'out-of-memory' : isInit ? 'init-failed' : 'crash-loop',
    summary: `${who} ${how}`,
    hint: outOfMemory ? `grep -rn memory infra/services/${context.service}` : `npm run logs -- ${context.service}`,
    hopeless: false,
    retrying: false,
    detail,
    run: {
      pod: pod.metadata.name,
      container: container.name,
      image: container.image,
      restarts: status.restartCount,
      runsAgain: status.state.running !== undefined,
    },
  }
}

/** The runtime's words on a program that it could not execute. */
function executionFinding(message: string, { pod, container }: Place, context: TroubleContext): Finding | null {
  const program = /exec:? "?([^\s":]+)"?: /.exec(message)?.[1]
  if (/exec format error/i.test(message)) return wrongArchitecture(program ?? 'its program', container.image, context)
  const what = program ?? /chdir to cwd \("([^"]+)"\)/.exec(message)?.[1]
  if (what === undefined) return null
  if (/permission denied/.test(message)) {
    const user = container.securityContext.runAsUser ?? pod.spec.securityContext.runAsUser
    return {
      kind: 'permission-denied',
      summary: `${what}: permission denied${user === undefined ? '' : ` for user ${user}`}`,
      hint: describePods(context),
      hopeless: true,
    }
  }
  if (!/no such file or directory|executable file not found/.test(message)) return null
  return {
    kind: 'no-such-program',
    summary: `there is no ${what} in image ${shortImage(container.image)}`,
    hint: `grep -rnE 'command|args|image:' infra/services/${context.service}`,
    hopeless: true,
  }
}

function plain(reason: string, message: string): string {
  return [
    reason,
    message
      .replaceAll(PREAMBLE, '')
      .replace(/: unknown$/, '')
      .trim(),
  ]
    .filter(Boolean)
    .join(': ')
}
