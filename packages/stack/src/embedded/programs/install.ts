import { mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { hasCode } from '../../system/files.ts'
import { entryName, readEntry, receiptFile, receiptOf } from './cacheEntry.ts'
import { writableFolder } from './cacheFolders.ts'
import type { FoundProgram } from './foundProgram.ts'
import type { Release } from './release.ts'

/** Brings the program into an empty folder and proves that it works. @returns where it is there, and its source. */
export type Bring = (folder: string) => Promise<{ readonly file: string; readonly source: string }>

const MAKING = '.making-'
/** Nothing takes that long: what is older was left by a process that was killed. */
const ABANDONED_MS = 3_600_000
const TRIES = 5

/**
 * Installs a program into the first of these caches that can be written to. It is made beside its place and renamed
 * there as a whole: nothing half-made is ever found, and of two who install at once both use what the first one made.
 * @throws NebulaError when no cache can be written to, and what `bring` throws; then nothing is left.
 */
export async function install(caches: readonly string[], release: Release, bring: Bring): Promise<FoundProgram> {
  const cache = await writableFolder(caches)
  await removeAbandoned(cache)
  const making = await mkdtemp(path.join(cache, MAKING))
  try {
    const work = path.join(making, 'work')
    await mkdir(work)
    const { file, source } = await bring(work)
    const program = path.join(making, release.program)
    await rename(file, program)
    await rm(work, { recursive: true, force: true })
    await writeFile(receiptFile(making), await receiptOf(program, source))
    // The name must not reach the disk before the content does.
    for (const written of [program, receiptFile(making)]) await flush(written)
    const entry = path.join(cache, entryName(release))
    await moveInto(making, entry, release)
    return { path: path.join(entry, release.program), source, version: release.version }
  } finally {
    // An installer that was ended may still be writing.
    await rm(making, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function moveInto(making: string, entry: string, release: Release): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await renamed(making, entry)) return
    // Somebody was faster, or what is there is damaged: it gives way.
    const there = await attempt(readEntry(entry, release))
    if (!(there instanceof Error) && typeof there !== 'string') return
    const old = await mkdtemp(path.join(path.dirname(entry), MAKING))
    await rename(entry, path.join(old, 'damaged')).catch(ignoreMissing)
    await rm(old, { recursive: true, force: true })
  }
  throw new NebulaError(`${entry} can not be replaced`, { code: 'CACHE_STUCK', hint: `rm -r '${entry}'` })
}

async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].some((code) => hasCode(error, code))) return false
    throw error
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function removeAbandoned(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = path.join(cache, name)
    if (!name.startsWith(MAKING)) continue
    const age = Date.now() - ((await stat(folder).catch(ignoreMissing))?.mtimeMs ?? Date.now())
    if (age > ABANDONED_MS) await rm(folder, { recursive: true, force: true })
  }
}

function ignoreMissing(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error
}
