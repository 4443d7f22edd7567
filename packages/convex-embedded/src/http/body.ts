import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBrotliDecompress } from 'node:zlib'
import { parseJson } from '@nebula/stack/system/text'
import { z } from 'zod'
import type { Exchange } from './app.ts'
import { HttpError } from './httpError.ts'

const MAX_BODY_BYTES = 64 * 1024 * 1024
const LINGER_MS = 2_000

/** Parses the JSON body. @throws HttpError 400 when it is not as expected, 413 when it is too large. */
export async function readBody<T>({ req, env }: Exchange, schema: z.ZodType<T>): Promise<T> {
  if (Number(req.header('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  const { incoming } = env
  const stream = req.header('content-encoding') === 'br' ? incoming.pipe(createBrotliDecompress()) : incoming
  const parsed = schema.safeParse(requireJson(await readAll(stream)))
  if (parsed.success) return parsed.data
  throw new HttpError(400, 'BadJsonBody', `The request body is not as expected: ${z.prettifyError(parsed.error)}`)
}

/** The value of a JSON text. @throws HttpError 400 when it is none. */
export function requireJson(text: string, what = 'The request body'): unknown {
  const value = parseJson(text)
  if (value === undefined) throw new HttpError(400, 'BadJsonBody', `${what} is not JSON`)
  return value
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    // The connection has to live on for the answer.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > MAX_BODY_BYTES) break
      chunks.push(bytes)
    }
  } catch {
    throw new HttpError(400, 'BadBody', 'The request body could not be read')
  }
  if (size > MAX_BODY_BYTES) {
    await discard(stream)
    throw tooLarge()
  }
  return Buffer.concat(chunks).toString()
}

/**
 * Reads on for a moment, to nobody's use: the answer closes the connection, and who is still sending then gets an error of
 * the network in its place.
 */
async function discard(stream: Readable): Promise<void> {
  stream.resume()
  await Promise.race([finished(stream), sleep(LINGER_MS, undefined, { ref: false })]).catch(() => {})
}

function tooLarge(): HttpError {
  return new HttpError(413, 'BodyTooLarge', `A body may have ${MAX_BODY_BYTES} bytes`)
}
