import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'

const REASONS = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the quota is used up'],
  ['ENOTDIR', 'a file is where a folder should be'],
  ['EEXIST', 'a file is where a folder should be'],
])

/**
 * What to say of a file or folder of the checkout that cannot be written.
 * @param folder the checkout's folder that the way out is about, absolute.
 * @returns null when the error is about something else.
 */
export function notWritable(file: string, folder: string, error: unknown): NebulaError | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reason = REASONS.get(code)
  if (reason === undefined) return null
  return new NebulaError(`${file} cannot be written to: ${reason}`, {
    code: 'NOT_WRITABLE',
    hint:
      reason === 'permission denied'
        ? `sudo chown -R "$(id -un)" '${folder}' && chmod -R u+rwX '${folder}'`
        : `df -h '${folder}'; ls -la '${folder}'`,
    exitCode: ExitCode.Precondition,
    cause: error,
  })
}
