import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { $ } from 'zx'

/** A copy of a checkout as a fresh clone would have it, with what is not committed yet. */
export interface CheckoutCopy {
  readonly root: string
  remove(): void
}

/**
 * Copies a checkout, without what git ignores, to a temporary folder.
 * @param prefix what the temporary folder's name begins with.
 * @param name the name of the copy in it.
 */
export function copyCheckout(from: string, prefix: string, name: string): CheckoutCopy {
  // Docker and Tilt name folders by their real path.
  const parent = mkdtempSync(path.join(realpathSync(tmpdir()), prefix))
  const root = path.join(parent, name)
  const listed = $({ sync: true, cwd: from })`git ls-files -z --cached --others --exclude-standard`
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    // A file that was deleted and not committed yet is still listed.
    if (existsSync(path.join(from, file))) cpSync(path.join(from, file), path.join(root, file))
  }
  return { root, remove: () => rmSync(parent, { recursive: true, force: true }) }
}
