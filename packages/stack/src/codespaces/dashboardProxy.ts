import { once } from 'node:events'
import { createServer, type IncomingMessage, ServerResponse } from 'node:http'
import { createProxyServer } from 'http-proxy-3'
import { NebulaError } from '../errors.ts'
import { ExitCode } from '../exitCodes.ts'
import { localPageOrigin, sendLocalPage } from './localPage.ts'

export interface DashboardProxyOptions {
  /** Port on 127.0.0.1 to listen on. */
  readonly port: number
  /** `http://127.0.0.1:16791` */
  readonly dashboardUrl: string
  /** `http://127.0.0.1:3210` */
  readonly backendUrl: string
  /** The origin that the dashboard's page calls: this proxy, as GitHub forwards it. */
  readonly forwardedOrigin: string
}

/** What the backend answers; everything else is the dashboard's. */
const BACKEND = /^\/(api\/|(version|instance_name|instance_version)(\?|$))/
/** Files that users of the application stored: never on the origin of a page that holds the admin key. */
const STORED_FILES = /^\/api\/([^/]+\/)?storage\//

/**
 * Serves the Convex dashboard and the backend that its page calls under one origin, WebSockets included. A port of a
 * codespace is private: the browser may open it, but a page on another port may not call it.
 * @returns the running server, which `close` ends.
 * @throws NebulaError when the port is taken.
 */
export async function startDashboardProxy(options: DashboardProxyOptions): Promise<{ close(): Promise<void> }> {
  const proxy = createProxyServer()
  const target = (url = '/') => ({ target: isForBackend(url) ? options.backendUrl : options.dashboardUrl })
  proxy.on('error', (error, _, to) => {
    if (to instanceof ServerResponse) sayUnreachable(to, error)
    else to.destroy()
  })
  const server = createServer((request: IncomingMessage, response) => {
    const { url = '/' } = request
    const local = isForBackend(url) ? null : localPageOrigin(request)
    if (local === null) return proxy.web(request, response, target(url))
    const replace = { origin: options.forwardedOrigin, by: local }
    sendLocalPage(`${options.dashboardUrl}${url}`, response, replace).catch((error) => sayUnreachable(response, error))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    proxy.ws(request, socket, head, target(request.url))
  })
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening').catch((error: unknown) => {
    throw new NebulaError(`the dashboard's proxy can not listen on port ${options.port}`, {
      code: 'PORT_TAKEN',
      hint: 'npm run doctor',
      exitCode: ExitCode.Precondition,
      cause: error,
    })
  })
  return {
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** While one of the two is being replaced; the browser tries again. */
function sayUnreachable(response: ServerResponse, error: Error): void {
  if (response.headersSent) response.end()
  else response.writeHead(502, { 'content-type': 'text/plain' }).end(`${error.message}\n`)
}

function isForBackend(url: string): boolean {
  return BACKEND.test(url) && !STORED_FILES.test(url)
}
