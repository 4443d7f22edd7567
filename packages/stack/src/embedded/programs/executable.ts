import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import path from 'node:path'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { execText } from '../../system/exec.ts'
import { hasCode } from '../../system/files.ts'

/** Of an unpacked program, whatever the archive says: a zip may say nothing, and nothing is to run as another user. */
export const EXECUTABLE_MODE = 0o755

const TIMEOUT_MS = 15_000
const ANY_EXECUTE_BIT = 0o111
/* How programs begin, and where an ELF file says for which processor it is: elf(5), <mach-o/loader.h>. */
const HEADER_BYTES = 20
const ELF = 0x7f454c46
const ELF_MACHINE_AT = 18
const ELF_MACHINES: Readonly<Record<string, number | undefined>> = { x64: 62, arm64: 183 }
const MACH_O = [0xcffaedfe, 0xcafebabe]

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
  throw failure(`${file} does not run on this machine: ${await whyNot(file, answer)}`)
}

/** In one line. */
async function whyNot(file: string, error: Error): Promise<string> {
  if (await isForeign(file)) return `it is built for another kind of machine than ${process.platform}-${process.arch}`
  const [, missing] = /version `([^']+)' not found/.exec(error.message) ?? []
  if (missing) return `it needs a newer C library, with ${missing}`
  return error.message.split('\n').join(' ')
}

/** What the system does not know how to run is given to a shell, which says anything but that. */
async function isForeign(file: string): Promise<boolean> {
  await using handle = await open(file, 'r')
  const { buffer } = await handle.read(Buffer.alloc(HEADER_BYTES))
  if (MACH_O.includes(buffer.readUInt32BE(0))) return process.platform !== 'darwin'
  if (buffer.readUInt32BE(0) !== ELF) return false
  return process.platform !== 'linux' || buffer.readUInt16LE(ELF_MACHINE_AT) !== ELF_MACHINES[process.arch]
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
  if (!(allowed instanceof Error)) return null
  const hasBit = (stats.mode & ANY_EXECUTE_BIT) !== 0
  return hasBit
    ? `${file} cannot be run where it is: not by this user, or the file system is mounted noexec`
    : `${file} is not executable: chmod +x '${file}'`
}

function failure(message: string): NebulaError {
  return new NebulaError(message, { code: 'PROGRAM_UNUSABLE', exitCode: ExitCode.Precondition })
}
