import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { EnvHttpProxyAgent, fetch } from 'undici'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import type { ProgramSearch } from './foundProgram.ts'

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
 * @throws NebulaError when it can not be had or has another hash; then the file is gone.
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
