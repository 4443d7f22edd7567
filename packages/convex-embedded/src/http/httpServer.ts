import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { describeHolder, freePortCommand, holderOfPort } from '@nebula/stack/system/ports/ports'
import { STAND_IN_HEADERS } from '../standIn.ts'
import type { Admission } from './admission.ts'
import { HttpError } from './httpError.ts'

export interface HttpServerOptions {
  readonly admission: Admission
  /** Lets pages of the origins that are let in read the answers. */
  readonly cors: boolean
  /** Takes a socket over that wants another protocol. @returns false when it has no use for it */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
  readonly limits?: Partial<typeof LIMITS>
}

/**
 * What clients get in which to be done, in milliseconds: slow ones hold a connection, and some do nothing else. A large file
 * comes slowly through the forwarding of an editor: all of a body may take long, as long as something comes.
 */
const LIMITS = {
  headersTimeout: 20_000,
  bodyIdle: 60_000,
  requestTimeout: 3_600_000,
  connectionsCheckingInterval: 2_000,
}

/** Makes a server that answers with `handle` what is admitted. */
export function makeHttpServer(
  handle: (request: Request, env: HttpBindings) => Response | Promise<Response>,
  { admission, cors, upgrade, ...options }: HttpServerOptions,
): Server {
  const listener = getRequestListener(
    // Over HTTP/1 it is always Node.js' own side.
    (request, env) => handle(request, env as HttpBindings),
    // Functions of the application see these globals, and get Node.js' own.
    { overrideGlobalObjects: false },
  )
  const { bodyIdle, ...limits } = { ...LIMITS, ...options.limits }
  const server = createServer(limits, (request, response) => {
    for (const [name, value] of Object.entries(STAND_IN_HEADERS)) response.setHeader(name, value)
    const refusal = refusalOf(admission, request)
    if (refusal) {
      const { status, code, message } = refusal
      response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close' })
      response.end(JSON.stringify({ code, message }))
      return
    }
    expectBody(request, response, bodyIdle)
    if (cors) allowOrigin(request, response)
    if (cors && request.method === 'OPTIONS' && request.headers['access-control-request-method']) {
      response.writeHead(204).end()
    } else void listener(request, response)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(admission, request)
    if (refusal) turnAway(socket, refusal.status)
    else if (!upgrade?.(request, socket, head)) turnAway(socket, 404)
  })
  return server
}

/**
 * Starts to listen.
 * @param variable what sets the port, for the message.
 * @returns the port.
 * @throws NebulaError PORT_TAKEN that says who has it, PORT_REFUSED when the system does not give it away.
 */
export async function listen(server: Server, host: string, port: number, variable: string): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw await cannotListen(`${host}:${port}`, port, variable, error)
  }
  // A TCP server has an address object, never the name of a pipe.
  return (server.address() as AddressInfo).port
}

async function cannotListen(address: string, port: number, variable: string, error: unknown): Promise<NebulaError> {
  const exitCode = ExitCode.Precondition
  if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) {
    const message = `cannot listen on ${address}: ${error instanceof Error ? error.message : String(error)}`
    return new NebulaError(message, { code: 'PORT_REFUSED', hint: `Set ${variable}`, exitCode, cause: error })
  }
  const holder = await holderOfPort(port)
  const who = holder ? describeHolder(holder) : 'another process'
  const free = holder ? `${freePortCommand(holder, port)}, or set ${variable}` : `Set ${variable}`
  const message = `cannot listen on ${address}: the port is taken by ${who}`
  return new NebulaError(message, { code: 'PORT_TAKEN', hint: free, exitCode, cause: error })
}

/** Lets requests that are under way finish for `graceMs`, then cuts them off. */
export async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}

function refusalOf(admission: Admission, request: IncomingMessage): HttpError | null {
  try {
    admission.admit(request)
    return null
  } catch (error) {
    if (error instanceof HttpError) return error
    throw error
  }
}

/** Ends a connection on which nothing more of a body comes. What is answered to a whole one may take its time. */
function expectBody(request: IncomingMessage, response: ServerResponse, idleMs: number): void {
  const { headers, socket } = request
  if (!Number(headers['content-length'] ?? 0) && headers['transfer-encoding'] === undefined) return
  socket.setTimeout(idleMs)
  // Without this, Node.js would end it in both cases.
  response.on('timeout', () => void (request.complete || socket.destroy()))
  request.once('end', () => socket.setTimeout(0))
}

/** Answers in place of the protocol that a socket was to have, and leaves nothing of it. */
function turnAway(socket: Duplex, status: number): void {
  socket.once('finish', () => socket.destroy())
  const headers = Object.entries(STAND_IN_HEADERS).map(([name, value]) => `${name}: ${value}`)
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers, 'Connection: close', 'Content-Length: 0']
  socket.end(`${lines.join('\r\n')}\r\n\r\n`)
}

/**
 * Convex's rules: any origin, with credentials. Source: convex-backend, crates/local_backend/src/router.rs. Beneath the
 * app, so that what an HTTP action says itself counts.
 */
function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  const { origin } = request.headers
  if (origin === undefined) return
  response.setHeader('Access-Control-Allow-Origin', origin)
  response.setHeader('Access-Control-Allow-Credentials', 'true')
  response.setHeader('Access-Control-Expose-Headers', Object.keys(STAND_IN_HEADERS).join(', '))
  response.setHeader('Vary', 'Origin')
  if (request.method !== 'OPTIONS') return
  const headers = request.headers['access-control-request-headers']
  if (headers) response.setHeader('Access-Control-Allow-Headers', headers)
  response.setHeader('Access-Control-Allow-Methods', 'GET, POST, OPTIONS, PATCH, DELETE, PUT')
  response.setHeader('Access-Control-Max-Age', '86400')
}
