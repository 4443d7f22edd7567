import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Caller } from '../auth/caller.ts'
import type { Engine } from '../engine/engine.ts'
import type { Exchange } from './exchange.ts'
import type { Handler } from './httpServer.ts'

const BODILESS = new Set(['GET', 'HEAD'])

/**
 * Answers by the application's HTTP actions.
 * @param prefix what stands before their paths: nothing on the site's port, `/http` on the API's
 */
export function siteHandler(options: {
  engine: Engine
  prefix: string
  callerOf: (exchange: Exchange) => Promise<Caller>
}): Handler {
  return async (exchange) => {
    const { identity } = await callerOrNobody(exchange, options.callerOf)
    const path = exchange.url.pathname.slice(options.prefix.length) || '/'
    const response = await options.engine.fetch(toRequest(exchange, path), identity)
    if (response === null) return exchange.text('No matching routes found', 404)
    await send(response, exchange)
  }
}

/** HTTP actions decide about their callers themselves: a header that is no Convex token may be theirs. */
async function callerOrNobody(exchange: Exchange, callerOf: (exchange: Exchange) => Promise<Caller>) {
  try {
    return await callerOf(exchange)
  } catch {
    return { identity: null }
  }
}

function toRequest({ request, url }: Exchange, path: string): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) {
    for (const item of [value ?? []].flat()) headers.append(name, item)
  }
  const method = request.method ?? 'GET'
  const target = new URL(path + url.search, url)
  if (BODILESS.has(method)) return new Request(target, { method, headers })
  return new Request(target, { method, headers, body: Readable.toWeb(request), duplex: 'half' })
}

async function send(response: Response, { request, response: out }: Exchange): Promise<void> {
  for (const [name, value] of response.headers) {
    if (name === 'set-cookie') out.appendHeader(name, value)
    else out.setHeader(name, value)
  }
  out.writeHead(response.status)
  if (response.body === null || request.method === 'HEAD') out.end()
  else await pipeline(Readable.fromWeb(response.body), out)
}
