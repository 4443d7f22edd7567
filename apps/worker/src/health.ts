import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Health } from '@nebula/shared'
import type { Registry } from 'prom-client'

export interface HealthServer {
  /** The port it listens on: the one asked for, or a free one for 0. */
  readonly port: number
  /** Says from now on what the worker is doing. */
  setStatus(status: Health['status']): void
  close(): Promise<void>
}

export interface HealthOptions {
  readonly host: string
  readonly port: number
  readonly metrics: Registry
}

/** As packages/stack has it for the servers of this machine; the worker's image is without that. */
const TARGET = /^\/(?![/\\])[\x21-\x22\x24-\x7e]*$/
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i
const LAST_PORT = 65_535

/**
 * Serves `/health` and `/readyz` (200 when the worker polls, 503 before and while it drains), `/livez` (the process
 * answers) and `/metrics` (Prometheus). It starts in `starting`.
 * @throws Error when the port is taken.
 */
export async function serveHealth(options: HealthOptions): Promise<HealthServer> {
  let status: Health['status'] = 'starting'
  const server = createServer((request, response) => {
    answer(request, response, status, options.metrics).catch(() => {
      // Why is for the log of whoever collects them, and not for whoever asks.
      sendJson(response, 500, { error: 'the metrics cannot be collected' })
    })
  })
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    port: portOf(server),
    setStatus(next) {
      status = next
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, status: Health['status'], metrics: Registry) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end()
    return
  }
  if (!isRequest(request)) return sendJson(response, 400, { error: 'not a path and a host' })
  switch (request.url?.split('?')[0]) {
    case '/health':
    case '/readyz':
      return sendJson(response, status === 'ok' ? 200 : 503, { status } satisfies Health)
    case '/livez':
      return sendJson(response, 200, { status: 'ok' })
    case '/metrics':
      return await sendMetrics(response, metrics)
    default:
      return sendJson(response, 404, { error: 'not found' })
  }
}

/**
 * Whether a request has a path and a host, by their form. Which host does not matter: Kubernetes and Prometheus ask by
 * the pod's address and by the names of services, and nothing that is said here is worth keeping.
 */
function isRequest({ url, headers }: IncomingMessage): boolean {
  const host = HOST.exec(headers.host ?? '')
  const port = Number(host?.[2] ?? 80)
  return TARGET.test(url ?? '') && host !== null && port >= 1 && port <= LAST_PORT
}

async function sendMetrics(response: ServerResponse, metrics: Registry): Promise<void> {
  // Before anything is sent: what fails then can still be answered.
  const text = await metrics.metrics()
  response.writeHead(200, { 'content-type': metrics.contentType }).end(text)
}

/** Any page may read it: the native window asks from an origin of its own, and there is nothing in it to keep. */
function sendJson(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'access-control-allow-origin': '*',
    })
    .end(JSON.stringify(body))
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('the health server has no port')
  return address.port
}
