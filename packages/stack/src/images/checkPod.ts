import path from 'node:path'
import {
  ContainerFiles,
  canExecute,
  canRead,
  canWrite,
  type FoundFile,
  type Identity,
  NotRecorded,
  type VolumeContents,
} from './containerFiles.ts'
import { type ImageShape, shapeOf } from './imageShape.ts'
import type { PodContainer, PodSpec } from './podSpec.ts'
import { shellCommands } from './shellCommands.ts'

/** Why a container of a pod would not do what it is for. */
export interface ShapeProblem {
  readonly container: string
  readonly kind:
    | 'no-shape'
    | 'not-recorded'
    | 'user'
    | 'no-command'
    | 'not-found'
    | 'not-executable'
    | 'not-readable'
    | 'not-writable'
    | 'port'
    | 'signal'
  readonly message: string
}

export interface CheckPodOptions {
  readonly shapes: readonly ImageShape[]
  /** The ConfigMaps of the manifests: name -> key -> text. */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
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
  if (path.posix.basename(program) === 'install') installFiles(argv.slice(1), look, contents, identity)
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

type Report = (kind: ShapeProblem['kind'], message: string) => void

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

/** Lookups for one container, with what they find to be in the way. */
class Look {
  readonly #files: ContainerFiles
  readonly #shape: ImageShape
  readonly #container: PodContainer
  readonly #identity: Identity
  readonly #problem: Report

  constructor(files: ContainerFiles, shape: ImageShape, container: PodContainer, identity: Identity, problem: Report) {
    this.#files = files
    this.#shape = shape
    this.#container = container
    this.#identity = identity
    this.#problem = problem
  }

  /** @param name a path, absolute or from the working directory, or a program to look for on PATH. */
  executes(name: string): void {
    const at = name.includes('/') ? this.#resolve(name) : this.#onPath(name)
    if (at === undefined)
      this.#problem('not-recorded', `the shape of ${this.#shape.image} lists no program ${name} on PATH`)
    const file = at === undefined ? null : this.#lookUp(at, name)
    if (!file) return
    if (!canExecute(file, this.#identity)) this.#deny('not-executable', 'execute', file)
    // The kernel runs a script's interpreter, which has to read the script.
    if (file.interpreter !== undefined) {
      if (!canRead(file, this.#identity)) this.#deny('not-readable', 'read', file)
      this.executes(file.interpreter)
    }
  }

  reads(name: string): FoundFile | null {
    const file = this.#lookUp(this.#resolve(this.#substitute(name)), name)
    if (file && !canRead(file, this.#identity)) this.#deny('not-readable', 'read', file)
    return file
  }

  /** A place to write to: there and writable, or in a folder that is. */
  writes(place: string): void {
    const at = this.#resolve(this.#substitute(place))
    const folder = this.#existing(at)
    if (folder && !canWrite(folder, this.#identity)) this.#deny('not-writable', 'write to', folder)
  }

  /** The volume that a path lies on, with the path below its root. */
  onVolume(at: string): { volume: string; inside: string } | undefined {
    const mount = this.#files.mountOf(at)
    return mount && { volume: mount.volume.name, inside: path.posix.relative(mount.path, at) }
  }

  #resolve(name: string): string {
    return path.posix.resolve(this.#container.workingDir ?? (this.#shape.config.workingDirectory || '/'), name)
  }

  /** The nearest thing above a path that is there. */
  #existing(at: string): FoundFile | null {
    for (let here = at; here !== '/'; here = path.posix.dirname(here)) {
      const found = this.#quietly(here)
      if (found) return found
    }
    this.#problem('not-recorded', `the shape of ${this.#shape.image} lists nothing at or above ${at}`)
    return null
  }

  #onPath(name: string): string | undefined {
    const folders = (this.#shape.config.environment.PATH ?? DEFAULT_PATH).split(':')
    const candidates = folders.map((folder) => path.posix.join(folder, name))
    return candidates.find((candidate) => this.#quietly(candidate) !== null)
  }

  #lookUp(at: string, name: string): FoundFile | null {
    try {
      const found = this.#files.find(at)
      if (!found) this.#problem('not-found', `${name} is not on the volume that is mounted there`)
      return found
    } catch (error) {
      if (!(error instanceof NotRecorded)) throw error
      this.#problem('not-recorded', error.message)
      return null
    }
  }

  #quietly(at: string): FoundFile | null {
    try {
      return this.#files.find(at)
    } catch (error) {
      if (error instanceof NotRecorded) return null
      throw error
    }
  }

  /** `${NAME:-default}` of the container's environment. */
  #substitute(text: string): string {
    const variables = new Map([
      ...Object.entries(this.#shape.config.environment),
      ...this.#container.env.map(({ name, value }) => [name, value ?? ''] as const),
    ])
    const once = text.replace(
      /\$\{(\w+)(?::-([^${}]*))?\}/g,
      (_, name, otherwise) => variables.get(name) || otherwise || '',
    )
    return once === text ? text : this.#substitute(once)
  }

  #deny(kind: ShapeProblem['kind'], verb: string, { path: at, mode, uid, gid, readOnly }: FoundFile): void {
    const octal = mode.toString(8).padStart(4, '0')
    const why = verb === 'write to' && readOnly ? 'it is mounted read-only' : `mode ${octal}, owner ${uid}:${gid}`
    this.#problem(kind, `user ${this.#identity.uid} cannot ${verb} ${at} (${why})`)
  }
}

/** `install --mode=M --target-directory=D FILE…`: what it leaves on a volume for the containers after it. */
function installFiles(args: readonly string[], look: Look, contents: VolumeContents, identity: Identity): void {
  const option = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  const target = option('target-directory') ?? '.'
  look.writes(target)
  const place = look.onVolume(target)
  for (const source of args.filter((arg) => !arg.startsWith('--'))) {
    const file = look.reads(source)
    if (!file || !place) continue
    const there = contents.get(place.volume) ?? new Map<string, FoundFile>()
    const mode = Number.parseInt(option('mode') ?? '755', 8)
    there.set(path.posix.join(place.inside, path.posix.basename(source)), {
      ...file,
      mode,
      uid: identity.uid,
      gid: identity.gids[0] ?? 0,
    })
    contents.set(place.volume, there)
  }
}
