import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { attempt } from '../../attempt.ts'
import type { FoundProgram } from './foundProgram.ts'
import { hashFile } from './hashFile.ts'
import { platform, type Release } from './release.ts'
import { notExecutable } from './runnable.ts'

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
 * the time is another, as after a copy.
 * @returns why it can not be used, when it can not.
 */
export async function readEntry(entry: string, release: Release): Promise<FoundProgram | string> {
  const text = await attempt(readFile(receiptFile(entry), 'utf8'))
  if (text instanceof Error) return `nothing in ${entry}`
  const receipt = Receipt.safeParse(parseJson(text))
  const file = path.join(entry, release.program)
  if (!receipt.success || (await notExecutable(file))) return `${entry} is damaged`
  const { source, size, mtimeMs, sha256 } = receipt.data
  const now = await stat(file)
  const same = now.size === size && (now.mtimeMs === mtimeMs || (await hashFile(file)) === sha256)
  if (!same) return `${file} is not what was installed`
  return { path: file, source: `${source}, cached`, version: release.version }
}

/** The program in the first of these caches that has it. @returns why none has. */
export async function readCaches(caches: readonly string[], release: Release): Promise<FoundProgram | string> {
  const reasons: string[] = []
  for (const cache of caches) {
    const found = await readEntry(path.join(cache, entryName(release)), release)
    if (typeof found !== 'string') return found
    reasons.push(found)
  }
  return reasons.join('; ')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
