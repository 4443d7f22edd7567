import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, lstat, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { type AsyncUnzipOptions, type UnzipFileInfo, type Unzipped, unzip } from 'fflate'
import { EnvHttpProxyAgent, fetch } from 'undici'
import { z } from 'zod'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { execText } from '../../system/exec.ts'
import { install } from './cache.ts'
import { EXECUTABLE_MODE } from './executable.ts'
import type { FoundProgram, ProgramSearch } from './programSearch.ts'
import { Variable } from './programSearch.ts'
import { platform, type Release } from './release.ts'

const GITHUB = 'https://github.com'
const MIRROR = Variable.DownloadMirror

/** Without a user: `fetch` takes none, and it would be in every message. */
const Mirror = z.url({ protocol: /^https?$/ }).regex(/^[^/]*\/\/[^/@]+(\/|$)/)

/**
 * Downloads a release's archive for this machine, from GitHub or the mirror of it that NEBULA_DOWNLOAD_MIRROR names, holds
 * it to the hash that is known for it, and installs the program in it.
 * @param works proves that the program runs.
 * @returns why there is nothing to download, when there is not.
 * @throws NebulaError when it cannot be had, or is not what was published.
 */
export async function officialDownload(
  release: Release,
  caches: readonly string[],
  works: (file: string) => Promise<void>,
  search: ProgramSearch,
): Promise<FoundProgram | string> {
  const archive = release.archives[platform]
  if (!archive) return `no build for ${platform} whose checksum is known`
  const url = `${baseUrl(search)}/${release.folder}/${archive.name}`
  return await install(caches, release, async (folder) => {
    const packed = path.join(folder, archive.name)
    const title = `${release.title} ${release.version}`
    await download({ url, file: packed, sha256: archive.sha256, title }, search)
    const file = await unpack(packed, release.program, folder)
    await works(file)
    return { file, source: 'downloaded, checksum verified' }
  })
}

/** @throws NebulaError without the value, which may hold a password. */
function baseUrl({ env }: ProgramSearch): string {
  const text = env[MIRROR]
  if (!text) return GITHUB
  if (Mirror.safeParse(text).success) return text.replace(/\/+$/, '')
  throw new NebulaError(`${MIRROR} is no http or https URL without user and password`, {
    code: 'MIRROR_INVALID',
    hint: `${MIRROR}=https://mirror.example/github npm run up`,
    exitCode: ExitCode.Precondition,
  })
}

export interface Download {
  readonly url: string
  /** Where it is written to. */
  readonly file: string
  /** What its SHA-256 must be, in hexadecimal. */
  readonly sha256: string
  /** For the progress: `Temporal CLI 1.9.1`. */
  readonly title: string
}

const CONNECT_MS = 5_000
const ANSWER_MS = 20_000
/** Without a single byte. */
const SILENCE_MS = 20_000
const BYTES_PER_MB = 1_000_000
const PROGRESS_STEPS = 10

/**
 * Downloads a file by way of the proxy that the environment names, and holds it to its hash.
 * @throws NebulaError when it cannot be had or has another hash; then the file is gone.
 */
export async function download({ url, file, sha256, title }: Download, search: ProgramSearch): Promise<void> {
  const { env, signal } = search
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
    httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
    connect: { timeout: CONNECT_MS },
    proxyTls: { timeout: CONNECT_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: SILENCE_MS,
  })
  try {
    const headers = { 'accept-encoding': 'identity' }
    const response = await fetch(url, { dispatcher, headers, ...(signal && { signal }) })
    if (!response.ok || !response.body) throw failure('DOWNLOAD_FAILED', `${url} answered ${response.status}`)
    const hash = createHash('sha256')
    const progress = progressOf(title, Number(response.headers.get('content-length')), search.onStep)
    const watched = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        progress(chunk.length)
        yield chunk
      }
    }
    await pipeline(Readable.fromWeb(response.body), watched, createWriteStream(file), { signal })
    const actual = hash.digest('hex')
    if (actual !== sha256)
      throw failure('CHECKSUM_MISMATCH', `${url} is not the file that was published: SHA-256 ${actual}, not ${sha256}`)
  } catch (error) {
    await rm(file, { force: true })
    signal?.throwIfAborted()
    throw error instanceof NebulaError ? error : failure('DOWNLOAD_FAILED', `${url}: ${reasonOf(error)}`, error)
  } finally {
    await dispatcher.destroy()
  }
}

/** Reports every tenth; a download of unknown size only at its start. */
function progressOf(title: string, total: number, onStep: (text: string) => void): (bytes: number) => void {
  let done = 0
  let step = 0
  const mb = (bytes: number) => Math.round(bytes / BYTES_PER_MB)
  onStep(total > 0 ? `downloading ${title} (${mb(total)} MB)` : `downloading ${title}`)
  return (bytes) => {
    done += bytes
    const next = total > 0 ? Math.floor((done / total) * PROGRESS_STEPS) : 0
    if (next <= step || next >= PROGRESS_STEPS) return
    step = next
    onStep(`downloading ${title}: ${mb(done)} of ${mb(total)} MB`)
  }
}

/** `fetch` only says that it failed; why is in the cause, which has several causes where a name has several addresses. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return reasonOf(error.cause)
  const code = 'code' in error ? String(error.code) : ''
  return error.message || code || error.name
}

function failure(code: string, message: string, cause?: unknown): NebulaError {
  return new NebulaError(message, { code, exitCode: ExitCode.Precondition, cause })
}

const TAR_TIMEOUT_MS = 60_000
/** What a byte of a zip can hold at most: zlib's own figure for deflate. */
const MOST_PACKED = 1_032

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
  const found = await attempt(lstat(file))
  // A second name of another file would give that one the mode.
  const isPlain = !(found instanceof Error) && found.isFile() && found.nlink === 1
  if (!isPlain) throw incomplete(archive, `${name} in it is no plain file`)
  await chmod(file, EXECUTABLE_MODE)
  return file
}

async function unzipOne(archive: string, name: string, file: string): Promise<void> {
  const packed = await readFile(archive)
  const filter = ({ name: found, originalSize }: UnzipFileInfo) => {
    if (found !== name) return false
    // As much memory would be taken as it says: gigabytes, for a few bytes.
    if (originalSize > packed.length * MOST_PACKED) throw new Error(`${name} in it cannot be as large as it says`)
    return true
  }
  const files = await attempt(unzipAsync(packed, { filter }))
  if (files instanceof Error) throw incomplete(archive, files.message)
  const content = files[name]
  if (!content) throw incomplete(archive, `there is no ${name} in it`)
  await writeFile(file, content)
}

function incomplete(archive: string, what: string): NebulaError {
  return new NebulaError(`${path.basename(archive)} cannot be used: ${what}`, { code: 'ARCHIVE_INCOMPLETE' })
}
