import { loadImageLock } from '@nebula/stack/cluster/imageLock'
import { allImages } from '@nebula/stack/cluster/images'
import { type LocalImage, localImage } from '@nebula/stack/cluster/localImage'
import { dockerClientApiVersion } from '@nebula/stack/system/dockerEngine'
import pc from 'picocolors'
import type { openCluster } from './stack.ts'

/** An image of the stack as infra/images.lock.json and the local Docker have it. */
export interface ImageReport {
  readonly image: string
  /** What it has to be; null until it is recorded. */
  readonly locked: string | null
  /** What it is here; null for what no registry gave. */
  readonly digest: string | null
  readonly from: LocalImage['from']
  /** In the local Docker; 0 when it is not there. */
  readonly bytes: number
  /** Who it runs as; null when it is not there. */
  readonly user: string | null
  readonly state: 'locked' | 'recorded now' | 'not recorded' | 'differs' | 'stand-in' | 'built here' | 'not here'
}

const WIDTH = 80
const BYTES_PER_MB = 1_000_000
/** `sha256:` and as much of a digest as Docker shows. */
const SHORT_DIGEST = 'sha256:'.length + 12

/**
 * Looks at every published image that the stack runs or builds on, the devcontainer's too.
 * @param recorded those whose digests have just been recorded.
 */
export async function imageReports(
  { root, definition }: Awaited<ReturnType<typeof openCluster>>,
  recorded: Readonly<Record<string, string>>,
): Promise<readonly ImageReport[]> {
  const lock = await loadImageLock(root)
  const images = new Set([...(await allImages(root, definition)), ...Object.keys(lock)])
  const apiVersion = await dockerClientApiVersion()
  return await Promise.all(
    [...images].sort().map(async (image) => {
      const local = await localImage(image, apiVersion)
      const { from, digest, bytes } = local
      const locked = lock[image] ?? null
      const user = from === 'absent' ? null : local.user || 'root'
      return { image, locked, digest, from, bytes, user, state: stateOf(local, locked, image in recorded) }
    }),
  )
}

function stateOf({ from, digest }: LocalImage, locked: string | null, isRecorded: boolean): ImageReport['state'] {
  if (from === 'absent') return 'not here'
  if (from === 'stand-in') return 'stand-in'
  if (from === 'built') return 'built here'
  if (isRecorded) return 'recorded now'
  if (locked === null) return 'not recorded'
  return locked === digest ? 'locked' : 'differs'
}

/** Two lines an image: its name and state; digest, size and user. */
export function imageLines(reports: readonly ImageReport[]): readonly string[] {
  return reports.flatMap((report) => {
    const { image, state, locked, digest, bytes, user } = report
    // Convex's tags are commits.
    const name = image.replace(/:([0-9a-f]{12})[0-9a-f]{28}$/, ':$1')
    const facts = [
      (locked ?? digest)?.slice(0, SHORT_DIGEST) ?? 'no digest',
      bytes > 0 ? `${Math.round(bytes / BYTES_PER_MB)} MB` : '',
      user === null ? '' : `user ${user}`,
      state === 'differs' ? `here: ${digest?.slice(0, SHORT_DIGEST)}` : '',
    ]
    const gap = ' '.repeat(Math.max(2, WIDTH - name.length - state.length))
    return [`${name}${gap}${coloured(state)}`, pc.dim(`    ${facts.filter(Boolean).join(', ')}`)]
  })
}

function coloured(state: ImageReport['state']): string {
  if (state === 'differs') return pc.red(state)
  if (state === 'locked' || state === 'recorded now') return pc.green(state)
  return pc.yellow(state)
}
