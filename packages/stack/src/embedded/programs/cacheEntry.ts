import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import type { FoundProgram } from './foundProgram.ts'
import { platform, type Release } from './release.ts'
import { notExecutable } from './runnable.ts'
import { MODE } from './unpack.ts'

/** Written beside a program when it was installed, as the last thing. */
const Receipt = z.object({
  source: z.string().min(1),
  size: z.int().positive(),
  mtimeMs: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The name of a release's folder in a cache. */
export function entryName({ program, version }: Release): string {
  return `${program}-${version}-${platform}`
}

/** What the receipt of a program that was just installed says. */
export async function receiptOf(file: string, source: string): Promise<string> {
  const { size, mtimeMs } = await stat(file)
  const receipt: z.infer<typeof Receipt> = { source, size, mtimeMs, sha256: await hashFile(file) }
  return `${JSON.stringify(receipt)}\n`
}

/** The receipt's file in an entry. */
export function receiptFile(entry: string): string {
  return path.join(entry, 'receipt.json')
}

/**
 * The program in an entry of a cache, if it is still the one that was installed: by size and time, and by its hash when
 * the time is another, as after a copy. One that lost its mode, as by a backup, gets it back.
 * @returns that there is none, when nothing was installed.
 * @throws NebulaError when what is there can not be used.
 */
export async function readEntry(entry: string, release: Release): Promise<FoundProgram | string> {
  const text = await attempt(readFile(receiptFile(entry), 'utf8'))
  if (text instanceof Error) return `nothing in ${entry}`
  const receipt = Receipt.safeParse(parseJson(text))
  const file = path.join(entry, release.program)
  const now = await attempt(stat(file))
  if (!receipt.success || now instanceof Error || !now.isFile()) throw unusable(`${entry} is damaged`)
  const { source, size, mtimeMs, sha256 } = receipt.data
  const same = now.size === size && (now.mtimeMs === mtimeMs || (await hashFile(file)) === sha256)
  if (!same) throw unusable(`${file} is not what was installed`)
  if (await notExecutable(file)) await attempt(chmod(file, MODE))
  const problem = await notExecutable(file)
  if (problem) throw unusable(`${problem} (to have the cache elsewhere: XDG_CACHE_HOME=<folder> npm run up)`)
  return { path: file, source: `${source}, cached`, version: release.version }
}

/**
 * The program in the first of these caches that has it.
 * @returns that none has it, when nothing was installed in any.
 * @throws NebulaError when one has it, but none in a state to be used.
 */
export async function readCaches(caches: readonly string[], release: Release): Promise<FoundProgram | string> {
  const missing: string[] = []
  const damaged: string[] = []
  for (const cache of caches) {
    const found = await attempt(readEntry(path.join(cache, entryName(release)), release))
    if (found instanceof Error) damaged.push(found.message)
    else if (typeof found === 'string') missing.push(found)
    else return found
  }
  if (damaged.length > 0) throw unusable(damaged.join('; '))
  return missing.join('; ')
}

function unusable(message: string): NebulaError {
  return new NebulaError(message, { code: 'CACHE_DAMAGED', exitCode: ExitCode.Precondition })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** The SHA-256 of a file's content, in hexadecimal. */
async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
