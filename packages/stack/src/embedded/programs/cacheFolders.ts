import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { findRoot } from '../../checkout/root.ts'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where programs are kept: for all checkouts of this user, then in this checkout, for a home that can not be written. */
export async function cacheFolders(env: Env, checkout?: string): Promise<readonly string[]> {
  // The XDG specification: what is not absolute is to be ignored.
  const named = env.XDG_CACHE_HOME
  const user = named && path.isAbsolute(named) ? named : path.join(homeOf(env), '.cache')
  const root = checkout ?? (await findRoot(import.meta.dirname))
  return [path.join(user, 'nebula', 'programs'), path.join(root, '.nebula', 'programs')]
}

/** The user's home. */
export function homeOf(env: Env): string {
  return env.HOME || homedir()
}

/**
 * The first of these folders that can be written to, made where it is missing.
 * @throws NebulaError when none can.
 */
export async function writableFolder(folders: readonly string[]): Promise<string> {
  const reasons: string[] = []
  for (const folder of folders) {
    const made = await attempt(mkdir(folder, { recursive: true, mode: 0o700 }))
    const allowed = made instanceof Error ? made : await attempt(access(folder, constants.W_OK))
    if (!(allowed instanceof Error)) return folder
    reasons.push(allowed.message)
  }
  throw new NebulaError(`no folder to keep programs in can be written to: ${reasons.join('; ')}`, {
    code: 'CACHE_NOT_WRITABLE',
    hint: 'XDG_CACHE_HOME=<a folder of yours> npm run up',
    exitCode: ExitCode.Precondition,
  })
}
