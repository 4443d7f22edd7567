import { once } from 'node:events'
import { connect } from 'node:net'

const DEADLINE_MS = 5_000

/**
 * Sends bytes that no HTTP client would, and never closes the connection itself.
 * @returns all that is answered until the server closes it.
 * @throws when it stays open.
 */
export async function rawRequest(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let answer = ''
  socket.on('data', (data) => {
    answer += data.toString('latin1')
  })
  // A server that closes before it has read all resets the connection: its answer counts.
  socket.on('error', () => {})
  socket.write(Buffer.from(bytes, 'latin1'))
  try {
    await once(socket, 'end', { signal: AbortSignal.timeout(DEADLINE_MS) }).catch((error: Error) => {
      if (error.name === 'AbortError') throw new Error(`the connection stays open after: ${JSON.stringify(answer)}`)
    })
  } finally {
    socket.destroy()
  }
  return answer
}

/** The status of an answer; 0 when there is none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)
}

/** Header lines, some of a request to upgrade. */
export function requestText(target: string, host: string, more: readonly string[] = []): string {
  return `${[`GET ${target} HTTP/1.1`, `Host: ${host}`, ...more].join('\r\n')}\r\n\r\n`
}

export const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: bmVidWxhIG5lYnVsYSBuZQ==',
]

/** Targets that are no paths, and hosts that are none: 400. */
export const HOSTILE: readonly (readonly [target: string, host: string])[] = [
  ['//', 'localhost'],
  ['///', 'localhost'],
  ['//localhost/', 'evil.example'],
  ['//evil.example/', 'localhost'],
  ['/\\evil.example', 'localhost'],
  ['http://[', 'localhost'],
  ['http://evil.example/', 'localhost'],
  ['http://localhost/', 'localhost'],
  ['*', 'localhost'],
  ['/#x', 'localhost'],
  ['/\xff', 'localhost'],
  ['/', '['],
  ['/', 'a b'],
  ['/', 'x:99999'],
  ['/', ''],
  ['/', 'localhost:'],
  ['/', 'user@localhost'],
]
