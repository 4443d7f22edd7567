import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from '../../atomicWrite.ts'
import { attempt } from '../../attempt.ts'
import { NebulaError } from '../../errors.ts'
import { execText } from '../../exec.ts'
import { ExitCode } from '../../exitCodes.ts'

const TIMEOUT_MS = 15_000

/**
 * What a program says when it is started with these arguments.
 * @throws NebulaError when it is no executable file, does not run on this machine, fails, or takes longer than 15 s.
 */
export async function ask(file: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const problem = await notExecutable(file)
  if (problem) throw failure(problem)
  const answer = await attempt(execText([file, ...args], { timeoutMs: TIMEOUT_MS, ...(signal && { signal }) }))
  if (!(answer instanceof Error)) return answer
  signal?.throwIfAborted()
  // The file is there: what the system does not find is what it needs to be loaded.
  if (answer instanceof NebulaError && answer.code === 'TOOL_MISSING')
    throw failure(`${file} does not run on this machine: its loader is missing (built for another C library?)`)
  throw answer instanceof NebulaError ? answer : failure(`${file} does not run on this machine: ${answer.message}`)
}

/** The file that the shell would run for this name. @returns null when there is none on PATH. */
export async function findOnPath(name: string, searchPath: string | undefined): Promise<string | null> {
  for (const folder of (searchPath ?? '').split(path.delimiter)) {
    const file = path.join(folder, name)
    if (path.isAbsolute(folder) && !(await notExecutable(file))) return file
  }
  return null
}

/** Why this is no executable file. @returns null when it is one. */
export async function notExecutable(file: string): Promise<string | null> {
  const stats = await attempt(stat(file))
  if (stats instanceof Error) return hasCode(stats, 'ENOENT') ? `${file} does not exist` : stats.message
  if (!stats.isFile()) return `${file} is no file`
  const allowed = await attempt(access(file, constants.X_OK))
  return allowed instanceof Error ? `${file} is not executable` : null
}

function failure(message: string): NebulaError {
  return new NebulaError(message, { code: 'PROGRAM_UNUSABLE', exitCode: ExitCode.Precondition })
}
