import path from 'node:path'
import type { ImageShape } from './imageShape.ts'
import type { PodContainer, PodSpec, PodVolume } from './podSpec.ts'

/** Whom a process runs as. */
export interface Identity {
  readonly uid: number
  readonly gids: readonly number[]
}

/** What is at a path, as a process in the container finds it. */
export interface FoundFile {
  readonly path: string
  readonly kind: 'file' | 'directory'
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly interpreter?: string
  /** Whether the file system that it is on takes no writes at all. */
  readonly readOnly: boolean
}

/** What init containers have put into a pod's volumes so far: volume's name -> path below its root -> file. */
export type VolumeContents = Map<string, Map<string, FoundFile>>

/** A volume as a container has it. */
export interface Mount {
  readonly volume: PodVolume
  readonly path: string
  /** The part of the volume that is mounted; empty for all of it. */
  readonly subPath: string
  readonly readOnly: boolean
}

/** Where an absolute path in a container is on the volume that is mounted over it, relative to the volume's root. */
export function insideOf({ path: mountPath, subPath }: Mount, at: string): string {
  return path.posix.relative('/', path.posix.join('/', subPath, path.posix.relative(mountPath, at)))
}

/** A problem that stops a lookup: the record does not say what is there. */
export class NotRecorded extends Error {}

/** What a container runtime gives every container, whatever its image. */
const RUNTIME_FOLDERS: ReadonlyMap<string, number> = new Map([['/dev/shm', 0o1777]])
const READ = 4
const WRITE = 2
const EXECUTE = 1
const MAX_LINKS = 10

/** The file system that a container sees: its image, with the pod's volumes over it. Knows what is recorded, and no more. */
export class ContainerFiles {
  readonly #shape: ImageShape
  readonly #container: PodContainer
  readonly #pod: PodSpec
  readonly #contents: VolumeContents
  readonly #configMaps: ReadonlyMap<string, readonly string[]>

  constructor(options: {
    shape: ImageShape
    container: PodContainer
    pod: PodSpec
    contents: VolumeContents
    /** ConfigMap's name -> its keys. */
    configMaps: ReadonlyMap<string, readonly string[]>
  }) {
    this.#shape = options.shape
    this.#container = options.container
    this.#pod = options.pod
    this.#contents = options.contents
    this.#configMaps = options.configMaps
  }

  /**
   * What is at an absolute path, with links followed.
   * @returns null when the record says that there is nothing, on a volume.
   * @throws NotRecorded when the image's shape does not list the path.
   */
  find(at: string, links = 0): FoundFile | null {
    const mount = this.mountOf(at)
    if (mount) return this.#findOnVolume(mount.volume, insideOf(mount, at), mount.readOnly, at)
    const given = RUNTIME_FOLDERS.get(at)
    if (given !== undefined) return { path: at, kind: 'directory', mode: given, uid: 0, gid: 0, readOnly: false }
    const file = this.#shape.files.find((entry) => entry.path === at)
    if (!file) throw new NotRecorded(`the shape of ${this.#shape.image} does not list ${at}`)
    if (file.kind === 'link') {
      if (file.target === undefined || links > MAX_LINKS) throw new NotRecorded(`${at} is a link to nowhere`)
      return this.find(path.posix.resolve(path.posix.dirname(at), file.target), links + 1)
    }
    const [uid, gid] = (file.owner ?? '0:0').split(':').map(Number)
    return {
      path: at,
      kind: file.kind,
      mode: Number.parseInt(file.mode ?? (file.kind === 'file' ? '0644' : '0755'), 8),
      uid: uid ?? 0,
      gid: gid ?? 0,
      ...(file.interpreter ? { interpreter: file.interpreter } : {}),
      readOnly: this.#container.securityContext.readOnlyRootFilesystem,
    }
  }

  /** The volume that a path lies on, and where it is mounted; undefined for the image's own files. */
  mountOf(at: string): Mount | undefined {
    const covers = (folder: string) => at === folder || at.startsWith(`${folder.replace(/\/$/, '')}/`)
    const [mount] = this.#container.volumeMounts
      .filter(({ mountPath }) => covers(mountPath))
      .sort((a, b) => b.mountPath.length - a.mountPath.length)
    const volume = this.#pod.volumes.find(({ name }) => name === mount?.name)
    if (!mount || !volume) return undefined
    return { volume, path: mount.mountPath, subPath: mount.subPath ?? '', readOnly: mount.readOnly }
  }

  #findOnVolume(volume: PodVolume, inside: string, readOnly: boolean, at: string): FoundFile | null {
    const fixed = volume.configMap ?? volume.secret
    // What Kubernetes makes: an emptyDir and local-path's folders are open to all, and fsGroup owns what it is set for.
    const gid = this.#pod.securityContext.fsGroup ?? 0
    if (inside === '')
      return {
        path: at,
        kind: 'directory',
        mode: fixed ? 0o755 : 0o2777,
        uid: 0,
        gid,
        readOnly: readOnly || fixed !== undefined,
      }
    if (volume.configMap) {
      const keys = this.#configMaps.get(volume.configMap.name)
      if (!keys) throw new NotRecorded(`the ConfigMap ${volume.configMap.name} is not among the manifests`)
      if (!keys.includes(inside)) return null
      return { path: at, kind: 'file', mode: volume.configMap.defaultMode, uid: 0, gid, readOnly: true }
    }
    const found = this.#contents.get(volume.name)?.get(inside)
    return found ? { ...found, path: at, readOnly } : null
  }
}

export function canRead(file: FoundFile, identity: Identity): boolean {
  return allows(file, identity, READ)
}

/** Root, too, executes nothing that has no x at all; our containers have no capabilities either. */
export function canExecute(file: FoundFile, identity: Identity): boolean {
  return allows(file, identity, EXECUTE)
}

export function canWrite(file: FoundFile, identity: Identity): boolean {
  return !file.readOnly && allows(file, identity, WRITE)
}

/** Without capabilities root is a user like any other: the first class of the three that fits decides. */
function allows(file: FoundFile, { uid, gids }: Identity, bit: number): boolean {
  const shift = file.uid === uid ? 6 : gids.includes(file.gid) ? 3 : 0
  return ((file.mode >> shift) & bit) !== 0
}
