import { type Exchange, HttpError } from './exchange.ts'
import type { Handler } from './httpServer.ts'

/** Routes by method and path: `POST /api/query`; a path that ends in `/*` takes everything below it. */
export type Routes = Readonly<Record<string, Handler>>

/** @throws HttpError 404 for what has no route, by way of the handler that it returns. */
export function route(routes: Routes): Handler {
  const prefixes = Object.keys(routes).filter((name) => name.endsWith('/*'))
  return async (exchange) => {
    const name = nameOf(exchange)
    const prefix = prefixes.find((known) => name.startsWith(known.slice(0, -1)))
    const handler = routes[name] ?? (prefix === undefined ? undefined : routes[prefix])
    if (handler) return await handler(exchange)
    throw new HttpError(404, 'NotFound', `The Convex stand-in does not serve ${name}`)
  }
}

function nameOf({ request, url }: Exchange): string {
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET')
  return `${method} ${url.pathname}`
}
