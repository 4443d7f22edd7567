import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { createBrotliDecompress } from 'node:zlib'
import { z } from 'zod'

const MAX_BODY_BYTES = 64 * 1024 * 1024

/** A refusal with an HTTP status; `code` and the message go to the client as JSON. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request
    this.response = response
    this.url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`)
  }

  /** Parses the JSON body. @throws HttpError 400 when it is not as expected, 413 when it is too large. */
  async body<T>(schema: z.ZodType<T>): Promise<T> {
    const encoded = this.request.headers['content-encoding'] === 'br'
    const stream = encoded ? this.request.pipe(createBrotliDecompress()) : this.request
    const parsed = schema.safeParse(parseJson(await readAll(stream)))
    if (parsed.success) return parsed.data
    throw new HttpError(400, 'BadJsonBody', `The request body is not as expected: ${z.prettifyError(parsed.error)}`)
  }

  json(value: unknown, status = 200): void {
    this.text(JSON.stringify(value), status, 'application/json')
  }

  text(text: string, status = 200, contentType = 'text/plain; charset=utf-8'): void {
    this.response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) })
    this.response.end(this.request.method === 'HEAD' ? undefined : text)
  }

  /** Aborted when the client hangs up. */
  signal(): AbortSignal {
    const controller = new AbortController()
    this.response.on('close', () => controller.abort())
    return controller.signal
  }
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > MAX_BODY_BYTES) throw new HttpError(413, 'BodyTooLarge', `A body may have ${MAX_BODY_BYTES} bytes`)
      chunks.push(bytes)
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw new HttpError(400, 'BadBody', 'The request body could not be read')
  }
  return Buffer.concat(chunks).toString()
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HttpError(400, 'BadJsonBody', 'The request body is not JSON')
  }
}
