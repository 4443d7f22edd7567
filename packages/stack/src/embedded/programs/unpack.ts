import { chmod, lstat, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type AsyncUnzipOptions, type Unzipped, unzip } from 'fflate'
import { NebulaError } from '../../errors/nebulaError.ts'
import { execText } from '../../system/exec.ts'

/** Of an unpacked program, whatever the archive says: a zip may say nothing, and nothing is to run as another user. */
export const MODE = 0o755
const TAR_TIMEOUT_MS = 60_000

const unzipAsync = promisify<Uint8Array, AsyncUnzipOptions, Unzipped>(unzip)

/**
 * Takes one program out of a `.tar.gz`, with the system's tar, or a `.zip`, which not every system can read.
 * @returns where it is now.
 * @throws NebulaError when it is not in there, or no plain file.
 */
export async function unpack(archive: string, name: string, folder: string): Promise<string> {
  const file = path.join(folder, name)
  if (archive.endsWith('.zip')) await unzipOne(archive, name, file)
  // -o: also for root, who would get files of whoever built it.
  else await execText(['tar', '-xzof', archive, '-C', folder, name], { timeoutMs: TAR_TIMEOUT_MS })
  if (!(await lstat(file)).isFile()) throw incomplete(archive, `${name} in it is no plain file`)
  await chmod(file, MODE)
  return file
}

async function unzipOne(archive: string, name: string, file: string): Promise<void> {
  const files = await unzipAsync(await readFile(archive), { filter: (one) => one.name === name })
  const content = files[name]
  if (!content) throw incomplete(archive, `there is no ${name} in it`)
  await writeFile(file, content)
}

function incomplete(archive: string, what: string): NebulaError {
  return new NebulaError(`${path.basename(archive)} can not be used: ${what}`, { code: 'ARCHIVE_INCOMPLETE' })
}
