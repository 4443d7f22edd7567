import { type ClientHttp2Session, connect } from 'node:http2'
import { hasCode } from '../system/files.ts'
import type { Finding, Try } from './check.ts'
import { decodeServingStatus, encodeHealthRequest } from './grpcHealthMessage.ts'

/** What is read of an answer, in its headers or after its body. */
interface Answer {
  readonly ':status'?: number
  readonly 'grpc-status'?: string
  readonly 'grpc-message'?: string
}

/** The compression of a message, none, and its length. */
const PREFIX_BYTES = 5
const NO_GRPC = 'what answers there does not speak gRPC'

/**
 * Asks the standard health service (grpc.health.v1) about one service of the server. By HTTP/2 itself: @grpc/grpc-js
 * never closes a connection that is taken and stays silent (grpc/grpc-node#2785), one more at each try.
 */
export async function checkGrpc(service: string, { host, port, signal }: Try): Promise<Finding> {
  const session = connect(`http://${host}:${port}`)
  try {
    const { answer, body } = await ask(session, service, signal)
    const problem = problemOf(answer, service)
    if (problem !== null) return { ok: false, detail: problem }
    const servingStatus = decodeServingStatus(body.subarray(PREFIX_BYTES))
    return servingStatus === 'SERVING' ? { ok: true } : { ok: false, detail: `${service} is ${servingStatus}` }
  } finally {
    session.destroy()
  }
}

/** One call (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
async function ask(session: ClientHttp2Session, service: string, signal: AbortSignal) {
  const message = encodeHealthRequest(service)
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(message.length, 1)
  return await new Promise<{ answer: Answer; body: Buffer }>((resolve, reject) => {
    const fail = (error: Error) => {
      const isOtherProtocol = [error, error.cause].some((one) => hasCode(one, 'ERR_HTTP2_ERROR'))
      reject(isOtherProtocol ? new Error(NO_GRPC) : error)
    }
    session.on('error', fail)
    const path = '/grpc.health.v1.Health/Check'
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
    const call = session.request(headers, { signal })
    const answer: Answer = {}
    const chunks: Buffer[] = []
    call.on('response', (some) => Object.assign(answer, some))
    call.on('trailers', (some) => Object.assign(answer, some))
    call.on('data', (chunk: Buffer) => chunks.push(chunk))
    call.on('error', fail)
    call.on('close', () => resolve({ answer, body: Buffer.concat(chunks) }))
    call.end(Buffer.concat([prefix, message]))
  })
}

/** @returns null when the call went well (https://grpc.io/docs/guides/status-codes). */
function problemOf(answer: Answer, service: string): string | null {
  switch (answer['grpc-status']) {
    case '0':
      return null
    case '5':
      return `the server does not know the service ${service}`
    case '12':
      return 'the server has no health service (grpc.health.v1)'
    case undefined:
      return answer[':status'] === undefined ? 'the connection was closed' : NO_GRPC
    default:
      return answer['grpc-message'] || `the server answered with gRPC status ${answer['grpc-status']}`
  }
}
