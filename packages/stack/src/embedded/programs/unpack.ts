import { createWriteStream } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import yauzl from 'yauzl'
import { NebulaError } from '../../errors.ts'
import { execText } from '../../exec.ts'

const TAR_TIMEOUT_MS = 60_000

/**
 * Takes one file out of a `.tar.gz` or `.zip`.
 * @returns where it is now.
 * @throws NebulaError when it is not in there.
 */
export async function unpack(archive: string, name: string, folder: string): Promise<string> {
  if (archive.endsWith('.zip')) await unzip(archive, name, folder)
  else await execText(['tar', '-xzf', archive, '-C', folder, name], { timeoutMs: TAR_TIMEOUT_MS })
  return path.join(folder, name)
}

async function unzip(archive: string, name: string, folder: string): Promise<void> {
  const zip = await yauzl.openPromise(archive, { lazyEntries: true })
  for await (const entry of zip.eachEntry()) {
    if (entry.fileName !== name) continue
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path.join(folder, name)))
    return
  }
  throw new NebulaError(`${path.basename(archive)} has no ${name} in it`, { code: 'ARCHIVE_INCOMPLETE' })
}
