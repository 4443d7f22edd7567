import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type AsyncUnzipOptions, type Unzipped, unzip } from 'fflate'
import { NebulaError } from '../../errors.ts'
import { execText } from '../../exec.ts'

const TAR_TIMEOUT_MS = 60_000

const unzipAsync = promisify<Uint8Array, AsyncUnzipOptions, Unzipped>(unzip)

/**
 * Takes one file out of a `.tar.gz`, with the system's tar, or a `.zip`, which not every system can read.
 * @returns where it is now.
 * @throws NebulaError when it is not in there.
 */
export async function unpack(archive: string, name: string, folder: string): Promise<string> {
  const file = path.join(folder, name)
  if (!archive.endsWith('.zip')) {
    await execText(['tar', '-xzf', archive, '-C', folder, name], { timeoutMs: TAR_TIMEOUT_MS })
    return file
  }
  const files = await unzipAsync(await readFile(archive), { filter: (one) => one.name === name })
  const content = files[name]
  if (!content) throw new NebulaError(`${path.basename(archive)} has no ${name} in it`, { code: 'ARCHIVE_INCOMPLETE' })
  await writeFile(file, content, { mode: 0o755 })
  return file
}
