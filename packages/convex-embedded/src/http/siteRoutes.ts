import type { Engine } from '../engine/engine.ts'
import { type App, type CallerOf, type Exchange, makeRoutes } from './app.ts'

const BODILESS = new Set(['GET', 'HEAD'])
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/**
 * Answers by the application's HTTP actions.
 * @param prefix what stands before their paths: nothing on the site's port, `/http` on the API's
 */
export function siteRoutes(options: { engine: Engine; prefix: '' | '/http'; callerOf: CallerOf }): App {
  const { engine, prefix, callerOf } = options
  return makeRoutes().on(METHODS, `${prefix}/*`, async (exchange) => {
    const { identity } = await callerOrNobody(exchange, callerOf)
    const target = new URL(exchange.req.url)
    // Set, not parsed: what begins with two slashes would bring a host of its own.
    target.pathname = target.pathname.slice(prefix.length)
    const response = await engine.fetch(toRequest(exchange, target), identity)
    return response ?? exchange.text('No matching routes found', 404)
  })
}

/** HTTP actions decide about their callers themselves: a header that is no Convex token may be theirs. */
async function callerOrNobody(exchange: Exchange, callerOf: CallerOf) {
  try {
    return await callerOf(exchange)
  } catch {
    return { identity: null }
  }
}

function toRequest({ req }: Exchange, target: URL): Request {
  const { method } = req
  const headers = new Headers(req.header())
  return BODILESS.has(method)
    ? new Request(target, { method, headers })
    : new Request(target, { method, headers, body: req.raw.body, duplex: 'half' })
}
