import path from 'node:path'
import {
  type ContainerFiles,
  canExecute,
  canRead,
  canWrite,
  type FoundFile,
  type Identity,
  insideOf,
  NotRecorded,
} from './containerFiles.ts'
import type { ImageShape } from './imageShape.ts'
import type { PodContainer } from './podSpec.ts'

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

export type Report = (kind: ShapeProblem['kind'], message: string) => void

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Lookups for one container, with what they find to be in the way. */
export class Look {
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
    return mount && { volume: mount.volume.name, inside: insideOf(mount, at) }
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
