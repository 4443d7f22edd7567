import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The repository that the tests belong to. */
export const repository = path.resolve(import.meta.dirname, '../..')

/** A copy of the repository as a fresh clone would have it, with what is not committed yet. */
export interface Checkout {
  readonly root: string
  remove(): void
}

/**
 * Copies the repository, without what git ignores, to a temporary folder: tests edit files and start stacks in it.
 * @param name the folder's name, `nebula` by default; one with a space in it is a test of its own.
 */
export function copyCheckout(name = 'nebula'): Checkout {
  const parent = mkdtempSync(path.join(tmpdir(), 'nebula-test-'))
  const root = path.join(parent, name)
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
    encoding: 'utf8',
  })
  for (const file of listed.split('\0').filter(Boolean)) {
    // A file that was deleted and not committed yet is still listed.
    if (existsSync(path.join(repository, file))) cpSync(path.join(repository, file), path.join(root, file))
  }
  return { root, remove: () => rmSync(parent, { recursive: true, force: true }) }
}
