import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { notWritable } from './notWritable.ts'

/**
 * Writes a file that only its owner can read (0600), in a folder that only its owner can enter (0700). Readers see the
 * old content or the new, never a part of it, also when the process is killed in the middle.
 */
export async function writePrivateFile(file: string, content: string): Promise<void> {
  const temporary = await writeTemporary(file, content)
  try {
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Like `writePrivateFile`, for a file that is not there yet.
 * @returns false, and leaves everything as it is, when somebody else was faster.
 */
export async function createPrivateFile(file: string, content: string): Promise<boolean> {
  const temporary = await writeTemporary(file, content)
  try {
    await link(temporary, file)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

/**
 * A text file's content.
 * @returns null when there is no such file.
 * @throws the system's error when it is there and cannot be read.
 */
export async function readIfThere(file: string): Promise<string | null> {
  return await readFile(file, 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  })
}

/** Whether this is an error of the operating system with this code, `ENOENT` for example. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** @throws NebulaError when this user may not write there, or nothing more fits. */
async function writeTemporary(file: string, content: string): Promise<string> {
  const folder = path.dirname(file)
  try {
    return await tryToWrite(file, folder, content)
  } catch (error) {
    throw notWritable(file, folder, error) ?? error
  }
}

async function tryToWrite(file: string, folder: string, content: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}`)
  const handle = await open(temporary, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  return temporary
}
