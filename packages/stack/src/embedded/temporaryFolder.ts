import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** What the system allows for the path of a Unix socket: macOS has 104 bytes with the last one being zero, Linux 108. */
const LONGEST_SOCKET_PATH = 103
/** What a program may put behind the folder: the Convex backend's Node.js listens on `.tmpAbCdEf/.executor.sock`. */
const ROOM = 40

/**
 * Where a service of a checkout keeps temporary files, absolute. It is not among its data, whose path is as long as the
 * checkout's, and not the system's folder itself: that of the shell `up` was typed in may be gone before the stack is.
 */
export function temporaryFolder(root: string, id: string): string {
  const name = createHash('sha256')
    .update(JSON.stringify([root, id, process.getuid?.()]))
    .digest('hex')
    .slice(0, 12)
  const ofSystem = path.join(tmpdir(), `nebula-${name}`)
  const isShort = Buffer.byteLength(ofSystem) + ROOM <= LONGEST_SOCKET_PATH
  return isShort ? ofSystem : path.join('/tmp', `nebula-${name}`)
}

/**
 * Makes it anew, for this user alone, without what a killed process left in it.
 * @throws when somebody else's is in its place.
 */
export function makeTemporaryFolder(folder: string): void {
  removeTemporaryFolder(folder)
  mkdirSync(path.dirname(folder), { recursive: true })
  // Fails where something is: in a folder that all may write to, nobody must be able to slip in one of theirs.
  mkdirSync(folder, { mode: 0o700 })
}

export function removeTemporaryFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
