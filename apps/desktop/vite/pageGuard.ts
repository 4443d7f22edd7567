import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { refuse, refuseFrames, refuseUpgrade } from '@nebula/stack/http/refuse'
import { type Callers, pathOf, type Refusal, refusalOf, siteIsForeign } from '@nebula/stack/http/requestGuard'
import { firstLine } from '@nebula/stack/system/text'
import type { PreviewServer, ViteDevServer } from 'vite'
import { CONVEX_PREFIX } from '../src/stack/settings.ts'
import { isModuleUrl, refusalOfFile } from './servedFiles.ts'

/** Whatever acts, be it on the stack or on the machine (Vite opens files in an editor), acts for the page only. */
const ACTING = /^\/(?:_stack|__open-in-editor)(?:\/|$)/
const CONVEX = new RegExp(`^${CONVEX_PREFIX}(?=/|$)`)
/** The live reload of Vite's page; Vite wants a token of it besides. */
const VITE_PROTOCOLS = new Set(['vite-hmr', 'vite-ping'])

/**
 * Lets requests through to Vite, and to Convex behind it, that come from this machine's own names and from the page, and
 * that ask for what is the page's. It stands before Vite's first middleware: the router of those already throws at targets
 * that are no paths, and ends the process. To be called once the server has all it listens with.
 */
export function guardPage(server: ViteDevServer | PreviewServer, callers: Callers): void {
  const { httpServer } = server
  if (!httpServer) throw new TypeError('there is no server to guard')
  const pass = {
    request: takeListeners(httpServer, 'request'),
    upgrade: takeListeners(httpServer, 'upgrade'),
  }
  httpServer.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOf(request, callers) ?? refusalOfPage(request, server)
    if (refusal) return refuse(response, refusal.status, refusal.reason)
    refuseFrames(response)
    if (isForConvex(request)) withoutOrigin(request)
    ignoreBadRange(request)
    letGoOfFiles(response)
    pass.request([request, response], () => response.destroy())
  })
  httpServer.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refusal = refusalOf(request, callers) ?? refusalOfUpgrade(request)
    if (refusal) return refuseUpgrade(socket, refusal.status, refusal.reason)
    socket.on('error', () => socket.destroy())
    if (isForConvex(request)) withoutOrigin(request)
    pass.upgrade([request, socket, head], () => socket.destroy())
  })
}

/** RFC 9110, 14.2: a range that is none is ignored. What Vite serves files with begins to answer it, and fails then. */
function ignoreBadRange({ headers }: IncomingMessage): void {
  if (headers.range === undefined) return
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(headers.range) ?? []
  const isRange = first === '' ? last !== '' : last === '' || Number(first) <= Number(last)
  if (!isRange) delete headers.range
}

/** What Vite serves files with forgets one whose reader leaves before its end was read, and keeps its descriptor for good. */
function letGoOfFiles(response: ServerResponse): void {
  response.on('pipe', (source) => response.once('close', () => source.destroy()))
}

/**
 * Keeps what Vite says of errors, with stacks and places, for whoever works on the page: what fails for the way in which it
 * was asked for is not there. It has to stand between Vite's middlewares and the last of them, which tells errors.
 */
export function hideErrorsOfCallers({ middlewares, config }: ViteDevServer): void {
  middlewares.use(
    (error: unknown, request: IncomingMessage, response: ServerResponse, next: (error: unknown) => void) => {
      if (response.headersSent) return response.destroy()
      if (isModuleUrl(request.url ?? '', config)) return next(error)
      const reason = firstLine(error instanceof Error ? error.message : String(error))
      config.logger.warn(`${request.url} is not served: ${reason}`)
      refuse(response, 404, 'there is no such module')
    },
  )
}

/**
 * Takes a server's listeners away.
 * @returns what calls them, and something else when one fails: a request is no reason to end.
 */
function takeListeners(server: EventEmitter, event: string) {
  const listeners = server.listeners(event)
  server.removeAllListeners(event)
  return (args: readonly unknown[], failed: () => void) => {
    // Some throw, and some are asynchronous.
    const call = async (listener: (typeof listeners)[number]) => await listener.apply(server, args)
    for (const listener of listeners) call(listener).catch(failed)
  }
}

/** What Convex is asked for; null when that is not a path. */
export function convexPath(url: string): string | null {
  const rest = url.replace(CONVEX, '')
  return rest === '' || rest.startsWith('?') ? `/${rest}` : pathOf(rest) && rest
}

function isForConvex({ url = '' }: IncomingMessage): boolean {
  return CONVEX.test(pathOf(url) ?? '')
}

function refusalOfPage(request: IncomingMessage, { config }: ViteDevServer | PreviewServer): Refusal | null {
  const { url = '' } = request
  const path = pathOf(url) ?? ''
  if (isForConvex(request)) {
    if (convexPath(url) === null) return { status: 400, reason: 'the path for Convex is malformed' }
  } else {
    const refusal = refusalOfFile(path, config)
    if (refusal) return refusal
  }
  if (!ACTING.test(path) || !siteIsForeign(request)) return null
  return { status: 403, reason: 'pages of another site may not call this server' }
}

function refusalOfUpgrade(request: IncomingMessage): { status: number; reason: string } | null {
  if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    return { status: 400, reason: 'this is not a WebSocket request' }
  }
  if (isForConvex(request)) {
    return convexPath(request.url ?? '') === null ? { status: 400, reason: 'the path for Convex is malformed' } : null
  }
  const isOfVite = VITE_PROTOCOLS.has(request.headers['sec-websocket-protocol'] ?? '') && pathOf(request.url) === '/'
  return isOfVite ? null : { status: 404, reason: 'no WebSocket here' }
}

/** It is the page's, which means nothing to Convex: Convex is on the same origin for it. */
function withoutOrigin(request: IncomingMessage): void {
  delete request.headers.origin
}
