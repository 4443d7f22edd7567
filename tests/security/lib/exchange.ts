import { connect } from 'node:net'

/** Nothing that a stranger asks may keep a server longer than this. */
export const HANG_MS = 2_000

export interface Sent {
  /** One character a byte. */
  readonly text: string
  /** `answer`: all is there, an answer is due; `end`: nothing more will come; `reset`: the client goes away. */
  readonly ending: 'answer' | 'end' | 'reset'
}

/** Something takes too long: a server that does not answer or let go, a file that is read for ever. */
export class Hang extends Error {}

/**
 * Sends bytes on a connection of their own.
 * @param isDone whether what came back is all that has to come; by default, whether it is a whole answer.
 * @returns what came back, one character a byte.
 * @throws Hang
 */
export async function exchange(port: number, sent: Sent, isDone = isWholeAnswer): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    let answer = ''
    const finish = (error?: Error) => {
      clearTimeout(timer)
      socket.destroy()
      if (error) reject(error)
      else resolve(answer)
    }
    const timer = setTimeout(
      () => finish(new Hang(`open after ${HANG_MS} ms, with ${JSON.stringify(answer.slice(0, 300))}`)),
      HANG_MS,
    )
    socket.on('connect', () => {
      socket.write(Buffer.from(sent.text, 'latin1'), () => {
        if (sent.ending === 'reset') socket.resetAndDestroy()
      })
      if (sent.ending === 'end') socket.end()
    })
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (sent.ending !== 'end' && isDone(answer, sent)) finish()
    })
    socket.on('end', () => finish())
    socket.on('close', () => finish())
    // A server may close before it has read everything. One that is gone is noticed by its process.
    socket.on('error', () => finish())
  })
}

function isWholeAnswer(answer: string, { text }: Sent): boolean {
  const { status, headers, body } = readAnswer(answer)
  if (headers === null) return false
  if (status === 101) return true
  if (status === 204 || status === 304 || text.startsWith('HEAD ')) return true
  const length = /^content-length: *(\d+)/im.exec(headers)?.[1]
  if (length !== undefined) return body.length >= Number(length)
  return /^transfer-encoding: *chunked/im.test(headers) && /(^|\r\n)0\r\n\r\n$/.test(body)
}

/** The parts of an answer; without its interim ones. `headers` is null until all of them are there. */
export function readAnswer(answer: string): { status: number; headers: string | null; body: string } {
  const end = answer.indexOf('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
  if (end < 0) return { status, headers: null, body: '' }
  if (status >= 100 && status < 200 && status !== 101) return readAnswer(answer.slice(end + 4))
  return { status, headers: answer.slice(0, end + 2), body: answer.slice(end + 4) }
}
