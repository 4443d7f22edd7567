import path from 'node:path'
import { ContainerFiles, type Identity, type VolumeContents } from './containerFiles.ts'
import { copyFiles, installFiles } from './fillVolume.ts'
import { type ImageShape, shapeOf } from './imageShape.ts'
import { Look, type Report, type ShapeProblem } from './look.ts'
import type { PodContainer, PodSpec } from './podSpec.ts'
import { shellCommands } from './shellCommands.ts'

export interface CheckPodOptions {
  readonly shapes: readonly ImageShape[]
  /** The ConfigMaps of the manifests: name -> key -> text. */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>
}

const SHELLS = new Set(['sh', 'bash', '/bin/sh', '/bin/bash'])
const FIRST_UNPRIVILEGED_PORT = 1024

/**
 * Whether the containers of a pod can run on images of the recorded shapes: the process can be executed, what it reads is
 * readable, what it writes writable, its ports can be bound and its end is heard, all by the user that the pod says. Asks
 * no Docker and no cluster.
 * @returns what is in the way, in the order of the containers; empty when nothing is.
 */
export function checkPod(pod: PodSpec, options: CheckPodOptions): readonly ShapeProblem[] {
  const contents: VolumeContents = new Map()
  const init = pod.initContainers.flatMap((container) => checkContainer(pod, container, contents, options))
  return [...init, ...pod.containers.flatMap((container) => checkContainer(pod, container, contents, options))]
}

function checkContainer(
  pod: PodSpec,
  container: PodContainer,
  contents: VolumeContents,
  { shapes, configMaps }: CheckPodOptions,
): readonly ShapeProblem[] {
  const shape = shapeOf(shapes, container.image)
  const problems: ShapeProblem[] = []
  const problem = (kind: ShapeProblem['kind'], message: string) =>
    void problems.push({ container: container.name, kind, message })
  if (!shape) {
    problem('no-shape', `nothing is recorded of ${container.image}`)
    return problems
  }
  const identity = identityOf(pod, container, shape)
  if (typeof identity === 'string') {
    problem('user', identity)
    return problems
  }
  const keys = new Map([...configMaps].map(([name, data]) => [name, Object.keys(data)]))
  const files = new ContainerFiles({ shape, container, pod, contents, configMaps: keys })
  const look = new Look(files, shape, container, identity, problem)

  const argv = commandLine(container, shape)
  const [program] = argv
  if (program === undefined) {
    problem('no-command', `${container.image} has no command, and the pod gives none`)
    return problems
  }
  for (const command of [argv, ...execCommands(container)]) {
    look.executes(command[0] ?? '')
    const scripts = scriptsOf(command, container, pod, configMaps)
    for (const name of scripts.flatMap(shellCommands)) look.executes(name)
  }
  if (isOwnProgram(program, shape)) {
    for (const name of shape.executes) look.executes(name)
    for (const name of shape.reads) look.reads(name)
    for (const place of shape.writes) look.writes(place)
    checkPorts(container, shape, problem)
    if (pod.containers.includes(container) && pod.restartPolicy === 'Always') checkSignal(container, shape, problem)
  }
  const name = path.posix.basename(program)
  if (name === 'install') installFiles(argv.slice(1), look, contents, identity)
  if (name === 'cp') copyFiles(argv.slice(1), look, contents, shape)
  return problems
}

/** @returns who the process runs as, or why the kubelet refuses to start it. */
function identityOf(pod: PodSpec, container: PodContainer, shape: ImageShape): Identity | string {
  const { runAsNonRoot, fsGroup } = pod.securityContext
  const uid = container.securityContext.runAsUser ?? pod.securityContext.runAsUser ?? imageUid(shape)
  if (uid === undefined) {
    return `runAsNonRoot, and the image's user "${shape.config.user}" is a name: Kubernetes cannot tell that it is not root`
  }
  if (runAsNonRoot && uid === 0) return "runAsNonRoot, and the image's user is root"
  const known = Object.values(shape.users).find((user) => user.uid === uid)
  const gid = container.securityContext.runAsGroup ?? pod.securityContext.runAsGroup ?? known?.gid ?? 0
  return { uid, gids: [gid, ...(fsGroup === undefined ? [] : [fsGroup])] }
}

function imageUid(shape: ImageShape): number | undefined {
  if (shape.config.user === '') return 0
  const numeric = /^\d+/.exec(shape.config.user)
  return numeric ? Number(numeric[0]) : undefined
}

function commandLine(container: PodContainer, { config }: ImageShape): readonly string[] {
  const args = container.args ?? (container.command ? [] : config.command)
  return [...(container.command ?? config.entrypoint), ...args]
}

/** Whether a container runs what its image is for, and not something else that is also in there. */
function isOwnProgram(program: string, { config }: ImageShape): boolean {
  const own = config.entrypoint[0] ?? config.command[0]
  return own !== undefined && path.posix.basename(own) === path.posix.basename(program)
}

/** The texts that a shell among these arguments runs: after `-c`, or a script from a ConfigMap. */
function scriptsOf(
  argv: readonly string[],
  container: PodContainer,
  pod: PodSpec,
  configMaps: CheckPodOptions['configMaps'],
): readonly string[] {
  const [program, first, second] = argv
  if (program === undefined || first === undefined || !SHELLS.has(program)) return []
  if (first === '-c') return second === undefined ? [] : [second]
  const mount = container.volumeMounts.find(({ mountPath }) => first.startsWith(`${mountPath}/`))
  const volume = pod.volumes.find(({ name }) => name === mount?.name)
  const text = configMaps.get(volume?.configMap?.name ?? '')?.[path.posix.basename(first)]
  return text === undefined ? [] : [text]
}

function execCommands(container: PodContainer): readonly (readonly string[])[] {
  const { startupProbe, readinessProbe, livenessProbe, lifecycle } = container
  return [startupProbe, readinessProbe, livenessProbe, lifecycle?.preStop].flatMap((hook) =>
    hook?.exec ? [hook.exec.command] : [],
  )
}

function checkPorts(container: PodContainer, shape: ImageShape, problem: Report): void {
  for (const { containerPort } of container.ports) {
    if (!shape.binds.includes(containerPort))
      problem('port', `nothing in ${shape.image} listens on port ${containerPort}`)
    if (containerPort < FIRST_UNPRIVILEGED_PORT)
      problem('port', `port ${containerPort} takes a capability to bind, and the pod drops all of them`)
  }
}

/** The kubelet sends what the image says; a hook may send another signal before. */
function checkSignal(container: PodContainer, shape: ImageShape, problem: Report): void {
  if (shape.signals.includes(shape.config.stopSignal)) return
  const hook = (container.lifecycle?.preStop?.exec?.command ?? []).join(' ')
  const sent = /\bkill -(?:s )?(?:SIG)?(\w+) 1\b/.exec(hook)?.[1]
  if (sent !== undefined && shape.signals.includes(`SIG${sent}`)) return
  const heard = shape.signals.join(' or ') || 'nothing'
  problem(
    'signal',
    `it is stopped with ${shape.config.stopSignal}, and hears ${heard}: it is killed when its grace time is over`,
  )
}
