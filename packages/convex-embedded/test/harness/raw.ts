import { connect } from 'node:net'

const DEADLINE_MS = 10_000

/** What a server sent on one connection until it closed it. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

/**
 * Sends bytes that no HTTP client would send, and keeps its own half of the connection open: it is the server that has
 * to close.
 * @throws Error when it does not.
 */
export async function sendRaw(url: string, bytes: string | Buffer, deadlineMs = DEADLINE_MS): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // The server may hang up while it is still being talked to.
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close']) socket.once(event, () => resolve())
  })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`still open: ${Buffer.concat(chunks)}`)), deadlineMs)
  })
  try {
    socket.write(bytes)
    await Promise.race([ended, late])
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
  const text = Buffer.concat(chunks).toString()
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }
}

/** `GET / HTTP/1.1` with these headers, and with `Connection: close`. */
export function head(line: string, headers: readonly string[] = ['Host: localhost']): string {
  return [`${line} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n')
}

/** The same as a WebSocket's handshake. */
export function upgradeHead(target: string, headers: readonly string[] = ['Host: localhost']): string {
  const handshake = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  return [`GET ${target} HTTP/1.1`, ...headers, 'Connection: Upgrade', 'Upgrade: websocket', ...handshake, '', ''].join(
    '\r\n',
  )
}
