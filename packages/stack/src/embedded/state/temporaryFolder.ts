import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * Where a service of a checkout keeps temporary files, absolute and short. A program may listen on a Unix socket in it, as
 * the Node.js of the Convex backend does on `.tmpAbCdEf/.executor.sock`, and the path of one has 103 bytes at most (macOS;
 * Linux: 107). So it is not among the data, whose path is as long as the checkout's, and not in TMPDIR: that of the shell
 * which `up` was typed in may be gone before the stack is, and another shell would look for it elsewhere.
 */
export function temporaryFolder(root: string, id: string): string {
  const name = createHash('sha256')
    .update(JSON.stringify([root, id, process.getuid?.()]))
    .digest('hex')
    .slice(0, 12)
  return path.join(process.platform === 'win32' ? tmpdir() : '/tmp', `nebula-${name}`)
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

/**
 * Removes it, unless somebody still writes to it: then it stays until it is made the next time, which says what is wrong.
 */
export function clearTemporaryFolder(folder: string): void {
  try {
    removeTemporaryFolder(folder)
  } catch {
    // Nothing that ends may fail for what it leaves behind.
  }
}

function removeTemporaryFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}
