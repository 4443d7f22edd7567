import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { NebulaError } from '@nebula/stack/errors'
import { ExitCode } from '@nebula/stack/exitCodes'
import { describeHolder, freePortCommand, holderOfPort } from '@nebula/stack/ports'
import { AdminKeyError } from '../auth/caller.ts'
import { TokenError } from '../auth/providers.ts'
import { PushError } from '../deploy/pushRequest.ts'
import { STAND_IN_HEADERS } from '../standIn.ts'
import { Exchange, HttpError } from './exchange.ts'

export type Handler = (exchange: Exchange) => void | Promise<void>

/** Makes a server that answers with `handle`: errors as `{code, message}`, with `cors` for pages of any origin. */
export function makeHttpServer(handle: Handler, options: { log: (line: string) => void; cors: boolean }): Server {
  const { log, cors } = options
  return createServer(async (request, response) => {
    for (const [name, value] of Object.entries(STAND_IN_HEADERS)) response.setHeader(name, value)
    const exchange = new Exchange(request, response)
    if (cors) allowOrigin(exchange)
    try {
      if (cors && request.method === 'OPTIONS' && request.headers['access-control-request-method'])
        exchange.text('', 204)
      else await handle(exchange)
    } catch (error) {
      const { status, code, message } = describe(error)
      if (status === 500) log(`${request.method} ${exchange.url.pathname}: ${message}`)
      if (response.headersSent) response.destroy()
      else exchange.json({ code, message }, status)
    }
  })
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

/** Convex's rules: any origin, with credentials. Source: convex-backend, crates/local_backend/src/router.rs */
function allowOrigin({ request, response }: Exchange): void {
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

function describe(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof HttpError) return error
  if (error instanceof PushError) return { status: 400, code: error.code, message: error.message }
  if (error instanceof AdminKeyError) return { status: 403, code: 'BadAdminKey', message: error.message }
  if (error instanceof TokenError) return { status: 401, code: 'Unauthenticated', message: error.message }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { status: 500, code: 'InternalServerError', message }
}
