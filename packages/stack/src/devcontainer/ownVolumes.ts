import { stat } from 'node:fs/promises'
import path from 'node:path'
import { execText } from '../system/exec.ts'

export interface OwnVolumesOptions {
  /** Content of /proc/mounts. */
  readonly mounts: string
  readonly home: string
  /** Volumes outside of the home folder. */
  readonly others: readonly string[]
  readonly uid: number
  readonly gid: number
}

/**
 * Gives the user of the container the volumes that are mounted for it: Docker makes a new one, and the folders above it,
 * for root.
 * @returns the folders that changed hands.
 * @throws NebulaError when there is no sudo, or it wants a password.
 */
export async function ownVolumes({ mounts, home, others, uid, gid }: OwnVolumesOptions): Promise<readonly string[]> {
  const volumes = mountPoints(mounts).filter((folder) => folder.startsWith(`${home}/`) || others.includes(folder))
  const above = new Set(volumes.flatMap((volume) => foldersBetween(home, volume)))
  const foreign = async (folders: Iterable<string>) => {
    const owned = await Promise.all([...folders].map(async (folder) => ({ folder, owner: (await stat(folder)).uid })))
    return owned.filter(({ owner }) => owner !== uid).map(({ folder }) => folder)
  }
  const [foreignVolumes, foreignAbove] = await Promise.all([foreign(volumes), foreign(above)])
  const chown = ['sudo', '--non-interactive', 'chown']
  if (foreignAbove.length > 0) await execText([...chown, `${uid}:${gid}`, ...foreignAbove])
  if (foreignVolumes.length > 0) await execText([...chown, '--recursive', `${uid}:${gid}`, ...foreignVolumes])
  return [...foreignAbove, ...foreignVolumes]
}

/** The kernel writes a space in a path as \040. */
function mountPoints(mounts: string): readonly string[] {
  return mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .map((point) => point.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((point) => point !== '')
}

function foldersBetween(home: string, volume: string): readonly string[] {
  const folders: string[] = []
  if (!volume.startsWith(`${home}/`)) return folders
  for (let folder = path.dirname(volume); folder !== home; folder = path.dirname(folder)) folders.unshift(folder)
  return folders
}
