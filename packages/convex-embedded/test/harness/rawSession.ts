import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { Server } from './server.ts'

const Version = z.object({ querySet: z.number(), identity: z.number(), ts: z.string() })
const ServerMessage = z
  .object({
    type: z.string(),
    startVersion: Version.default({ querySet: 0, identity: 0, ts: '' }),
    endVersion: Version.default({ querySet: 0, identity: 0, ts: '' }),
    modifications: z.array(z.record(z.string(), z.unknown())).default([]),
    ts: z.string().default(''),
    result: z.unknown().optional(),
  })
  .loose()
type ServerMessage = z.infer<typeof ServerMessage>

const DEADLINE_MS = 20_000

/** The protocol by hand: for what the real clients hide. */
export class RawSession {
  readonly sessionId: string
  readonly closed: Promise<unknown>
  received = 0
  readonly #socket: WebSocket
  readonly #inbox: ServerMessage[] = []
  #wake: () => void = () => undefined

  private constructor(socket: WebSocket, sessionId: string) {
    this.sessionId = sessionId
    this.#socket = socket
    this.closed = once(socket, 'close')
    socket.on('message', (data) => {
      this.received += 1
      this.#inbox.push(ServerMessage.parse(JSON.parse(data.toString())))
      this.#wake()
    })
  }

  static async open(server: Server, sessionId: string = randomUUID()): Promise<RawSession> {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/1.45.0/sync`)
    const session = new RawSession(socket, sessionId)
    await once(socket, 'open')
    session.send({ type: 'Connect', sessionId, connectionCount: 0, lastCloseReason: null, clientTs: Date.now() })
    return session
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message))
  }

  /** A message that JavaScript cannot write. */
  sendText(text: string): void {
    this.#socket.send(text)
  }

  modify(baseVersion: number, modifications: object[]): void {
    this.send({ type: 'ModifyQuerySet', baseVersion, newVersion: baseVersion + 1, modifications })
  }

  /** The next message that fits; those before it are gone. */
  async next(fits: (message: ServerMessage) => boolean): Promise<ServerMessage> {
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    for (;;) {
      const message = this.#inbox.shift()
      if (message && fits(message)) return message
      if (message) continue
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        deadline.addEventListener('abort', () => reject(new Error('no such message')))
      })
    }
  }

  ts(encoded: string): bigint {
    return Buffer.from(encoded, 'base64').readBigUInt64LE()
  }

  close(): void {
    this.#socket.terminate()
  }
}
