import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Publisher } from './publisher.ts'
import { Session, type SessionHost } from './session.ts'

const SYNC_PATH = /^\/api\/(?:[^/]+\/)?sync$/
/** Convex takes 16 MiB of arguments. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024
/** A client gives up after a minute of silence. */
const PING_MS = 15_000
const CLOSE_GOING_AWAY = 1001

/** The WebSocket side of the deployment: one session a socket. */
export class SocketServer {
  readonly #server: WebSocketServer
  readonly #publisher: Publisher
  readonly #host: SessionHost
  readonly #sessions = new WeakMap<WebSocket, Session>()
  readonly #alive = new WeakSet<WebSocket>()
  readonly #pings: NodeJS.Timeout

  constructor(publisher: Publisher, host: SessionHost, headers: Readonly<Record<string, string>>) {
    this.#publisher = publisher
    this.#host = host
    this.#server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES })
    this.#server.on('headers', (lines) => {
      for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
    })
    this.#server.on('connection', (socket) => this.#accept(socket))
    this.#pings = setInterval(() => this.#ping(), PING_MS)
  }

  /** Takes the socket over if it wants to sync. @returns false when it wants something else */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const [path = ''] = (request.url ?? '').split('?')
    if (!SYNC_PATH.test(path)) return false
    this.#server.handleUpgrade(request, socket, head, (webSocket) =>
      this.#server.emit('connection', webSocket, request),
    )
    return true
  }

  /** Says goodbye to all clients, who then try again by themselves. */
  close(): void {
    clearInterval(this.#pings)
    for (const socket of this.#server.clients) socket.close(CLOSE_GOING_AWAY)
    this.#server.close()
  }

  /** Cuts those off who have not gone. */
  terminate(): void {
    for (const socket of this.#server.clients) socket.terminate()
  }

  #accept(socket: WebSocket): void {
    const session = new Session(socket, this.#host)
    this.#publisher.sessions.add(session)
    this.#alive.add(socket)
    socket.on('pong', () => this.#alive.add(socket))
    // A broken connection is a closed one; `close` follows.
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#publisher.sessions.delete(session)
      session.close()
    })
    this.#sessions.set(socket, session)
  }

  #ping(): void {
    for (const socket of this.#server.clients) {
      if (!this.#alive.has(socket)) {
        socket.terminate()
        continue
      }
      this.#alive.delete(socket)
      socket.ping()
      this.#sessions.get(socket)?.ping()
    }
  }
}
