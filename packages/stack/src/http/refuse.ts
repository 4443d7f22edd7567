import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/** Answers a request with a status and a sentence. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  // What the client still sends is not read.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(`${reason}\n`)
}

/** Tells browsers that say nothing of frames in their requests to show the answer in none of another origin's. */
export function refuseFrames(response: ServerResponse): void {
  response.setHeader('x-frame-options', 'SAMEORIGIN')
}

/** Answers a request to upgrade with a status and a sentence, and closes its connection: Node.js no longer does. */
export function refuseUpgrade(socket: Duplex, status: number, reason: string): void {
  socket.on('error', () => socket.destroy())
  const body = `${reason}\n`
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
