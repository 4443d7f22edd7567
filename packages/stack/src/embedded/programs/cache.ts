import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { PROGRAMS_FOLDER } from '../../checkout/paths.ts'
import { findRoot } from '../../checkout/root.ts'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { hasCode } from '../../system/files.ts'
import { EXECUTABLE_MODE, notExecutable } from './executable.ts'
import type { FoundProgram } from './programSearch.ts'
import { platform, type Release } from './release.ts'

type Env = Readonly<Record<string, string | undefined>>

/** Where programs are kept: for all checkouts of this user, then in this checkout, for a home that cannot be written. */
export async function cacheFolders(env: Env, checkout?: string): Promise<readonly string[]> {
  // The XDG specification: what is not absolute is to be ignored.
  const named = env.XDG_CACHE_HOME
  const user = named && path.isAbsolute(named) ? named : path.join(homeOf(env), '.cache')
  const root = checkout ?? (await findRoot(import.meta.dirname))
  return [path.join(user, 'nebula', 'programs'), path.join(root, PROGRAMS_FOLDER)]
}

/** The user's home. */
export function homeOf(env: Env): string {
  return env.HOME || homedir()
}

/**
 * The first of these folders that can be written to, made where it is missing.
 * @throws NebulaError when none can.
 */
async function writableFolder(folders: readonly string[]): Promise<string> {
  const reasons: string[] = []
  for (const folder of folders) {
    const made = await attempt(mkdir(folder, { recursive: true, mode: 0o700 }))
    const allowed = made instanceof Error ? made : await attempt(access(folder, constants.W_OK))
    if (!(allowed instanceof Error)) return folder
    reasons.push(allowed.message)
  }
  throw new NebulaError(`no folder to keep programs in can be written to: ${reasons.join('; ')}`, {
    code: 'CACHE_NOT_WRITABLE',
    hint: 'XDG_CACHE_HOME=<a folder of yours> npm run up',
    exitCode: ExitCode.Precondition,
  })
}

/** Written beside a program when it was installed, as the last thing. */
const Receipt = z.object({
  source: z.string().min(1),
  size: z.int().positive(),
  mtimeMs: z.number(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})

/** The name of a release's folder in a cache. */
function entryName({ program, version }: Release): string {
  return `${program}-${version}-${platform}`
}

/** What the receipt of a program that was just installed says. */
async function receiptOf(file: string, source: string): Promise<string> {
  const { size, mtimeMs } = await stat(file)
  const receipt: z.infer<typeof Receipt> = { source, size, mtimeMs, sha256: await hashFile(file) }
  return `${JSON.stringify(receipt)}\n`
}

/** The receipt's file in an entry. */
function receiptFile(entry: string): string {
  return path.join(entry, 'receipt.json')
}

/**
 * The program in an entry of a cache, if it is still the one that was installed: by size and time, and by its hash when
 * the time is another, as after a copy. One that lost its mode, as by a backup, gets it back.
 * @returns that there is none, when nothing was installed.
 * @throws NebulaError when what is there cannot be used.
 */
async function readEntry(entry: string, release: Release): Promise<FoundProgram | string> {
  const text = await attempt(readFile(receiptFile(entry), 'utf8'))
  if (text instanceof Error) return `nothing in ${entry}`
  const receipt = Receipt.safeParse(parseJson(text))
  const file = path.join(entry, release.program)
  const now = await attempt(stat(file))
  if (!receipt.success || now instanceof Error || !now.isFile()) throw unusable(`${entry} is damaged`)
  const { source, size, mtimeMs, sha256 } = receipt.data
  const same = now.size === size && (now.mtimeMs === mtimeMs || (await hashFile(file)) === sha256)
  if (!same) throw unusable(`${file} is not what was installed`)
  if (await notExecutable(file)) await attempt(chmod(file, EXECUTABLE_MODE))
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
  throw new NebulaError(`${entry} cannot be replaced`, { code: 'CACHE_STUCK', hint: `rm -r '${entry}'` })
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
