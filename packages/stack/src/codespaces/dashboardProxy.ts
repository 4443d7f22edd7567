import { once } from 'node:events'
import { Agent, type ClientRequest, createServer, type IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createProxyServer } from 'http-proxy-3'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { refuse, refuseFrames, refuseUpgrade } from '../http/refuse.ts'
import { pathOf, refusalOf } from '../http/requestGuard.ts'
import {
  ADMIN_KEY_PLACEHOLDER,
  isPageRequest,
  localPageOrigin,
  type PageReplacement,
  sendPage,
} from './dashboardPage.ts'

export interface DashboardProxyOptions {
  /** Port on 127.0.0.1 to listen on. */
  readonly port: number
  /** `http://127.0.0.1:16791` */
  readonly dashboardUrl: string
  /** `http://127.0.0.1:3210` */
  readonly backendUrl: string
  /** Fills in the dashboard's log-in form. */
  readonly adminKey: string
  /**
   * In a codespace, the origin that the dashboard's page calls: this proxy, as GitHub forwards it. Elsewhere the page
   * calls the backend itself.
   */
  readonly forwardedOrigin?: string
}

/** What the backend answers; everything else is the dashboard's. */
const BACKEND = /^\/(api\/|(version|instance_name|instance_version)$)/
/** Files that users of the application stored: never on the origin of a page that holds the admin key. */
const STORED_FILES = /^\/api\/([^/]+\/)?storage\//

/**
 * Stands in front of the Convex dashboard, which would show its page, and the admin key in it, to whatever name reaches
 * it: answers requests to this machine's own names only, and puts the key into the page itself. In a codespace it also
 * serves the backend that the page calls under the same origin, WebSockets included: a port of a codespace is private,
 * so the browser may open it, but a page on another port may not call it.
 * @returns the running server, which `close` ends.
 * @throws NebulaError when the port is taken.
 */
export async function startDashboardProxy(options: DashboardProxyOptions): Promise<{ close(): Promise<void> }> {
  const { port, dashboardUrl, backendUrl, forwardedOrigin } = options
  const proxy = createProxyServer({ changeOrigin: true })
  proxy.on('error', (error, _, to) => unreachable(to, error))
  proxy.on('proxyReqWs', (sent, _, socket) => leaveTogether(sent, socket))
  const isForBackend = (request: IncomingMessage) => {
    const path = pathOf(request.url) ?? ''
    return forwardedOrigin !== undefined && BACKEND.test(path) && !STORED_FILES.test(path)
  }

  // A connection for each request would take most of the time that this adds to one.
  const agent = new Agent({ keepAlive: true })
  const upgraded = new Set<Duplex>()
  const server = createServer((request, response) => {
    const refusal = refusalOf(request, options)
    if (refusal) return refuse(response, refusal.status, refusal.reason)
    refuseFrames(response)
    if (isForBackend(request)) {
      // It comes from the page that this is the origin of; to the backend that means nothing.
      delete request.headers.origin
      return attempt(response, () => proxy.web(request, response, { agent, target: backendUrl }))
    }
    if (!isPageRequest(request))
      return attempt(response, () => proxy.web(request, response, { agent, target: dashboardUrl }))
    const page = sendPage(
      `${dashboardUrl}${request.url}`,
      `127.0.0.1:${port}`,
      response,
      replacements(request, options),
    )
    page.catch((error: Error) => unreachable(response, error))
  })
  server.on('upgrade', (request, socket, head) => {
    const refusal = refusalOf(request, options)
    if (refusal) return refuseUpgrade(socket, refusal.status, refusal.reason)
    if (!isForBackend(request)) return refuseUpgrade(socket, 404, 'no WebSocket here')
    if (!isWebSocket(request)) return refuseUpgrade(socket, 400, 'this is not a WebSocket request')
    delete request.headers.origin
    socket.on('error', () => socket.destroy())
    upgraded.add(socket.once('close', () => upgraded.delete(socket)))
    attempt(socket, () => proxy.ws(request, socket, head, { target: backendUrl }))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((error: unknown) => {
    throw new NebulaError(`the dashboard's proxy cannot listen on port ${port}`, {
      code: 'PORT_TAKEN',
      hint: 'npm run doctor',
      exitCode: ExitCode.Precondition,
      cause: error,
    })
  })
  return {
    async close() {
      server.closeAllConnections()
      agent.destroy()
      for (const socket of upgraded) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A client that leaves before the backend has answered takes its request along. Until then, it has nothing to say. */
function leaveTogether(sent: ClientRequest, socket: Duplex): void {
  const leave = () => {
    sent.destroy()
    socket.destroy()
  }
  socket.resume().once('end', leave).once('close', leave)
  sent.once('upgrade', () => socket.off('end', leave).off('close', leave))
}

function isWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

function replacements(request: IncomingMessage, options: DashboardProxyOptions): readonly PageReplacement[] {
  const key = { text: ADMIN_KEY_PLACEHOLDER, by: options.adminKey }
  const local = localPageOrigin(request)
  if (options.forwardedOrigin === undefined || local === null) return [key]
  return [key, { text: options.forwardedOrigin, by: local }]
}

/** Headers that Node.js takes and does not send throw: they are the client's, and no reason to end. */
function attempt(to: ServerResponse | Duplex, pass: () => void): void {
  try {
    pass()
  } catch (error) {
    const reason = `the request cannot be passed on: ${error instanceof Error ? error.message : String(error)}`
    if (to instanceof ServerResponse) refuse(to, 400, reason)
    else refuseUpgrade(to, 400, reason)
  }
}

/** While one of the two is being replaced; the browser tries again. */
function unreachable(to: ServerResponse | Duplex, error: Error): void {
  if (!(to instanceof ServerResponse)) refuseUpgrade(to, 502, error.message)
  else if (to.headersSent) to.end()
  else refuse(to, 502, error.message)
}
