import { z } from 'zod'
import type { FunctionKind } from '../engine/execution.ts'
import { Args } from '../functionArgs.ts'
import type { Functions, Reply } from '../functions.ts'
import { encodeTs } from '../sync/messages.ts'
import { type App, type CallerOf, type Exchange, makeRoutes } from './app.ts'
import { readBody, requireJson } from './body.ts'
import { HttpError } from './httpError.ts'

const Call = z.object({ path: z.string(), args: Args, componentPath: z.string().nullish() })
const Batch = z.object({ queries: z.array(Call) })
const RUN = '/api/run/'
const JSON_TYPE = { 'Content-Type': 'application/json' }

/** The public API for functions: `/api/query`, `/api/mutation`, `/api/action` and their kin. */
export function functionRoutes(options: { functions: Functions; callerOf: CallerOf; ts: () => bigint }): App {
  const { functions, callerOf, ts } = options
  const run = (kind?: FunctionKind) => async (exchange: Exchange) => {
    const caller = await callerOf(exchange)
    const { path, args } = await readBody(exchange, Call)
    return respond(exchange, await functions.call({ path, args, caller, ...(kind ? { kind } : {}) }))
  }
  const routes = makeRoutes()
  routes.post('/api/query', run('query'))
  // One moment is as good as another: the newest is the only one there is.
  routes.post('/api/query_at_ts', run('query'))
  routes.post('/api/mutation', run('mutation'))
  routes.post('/api/action', run('action'))
  routes.post('/api/function', run())
  routes.post('/api/query_ts', (exchange) => exchange.json({ ts: encodeTs(ts()) }))
  routes.get('/api/query', async (exchange) => {
    const caller = await callerOf(exchange)
    const { path = '', args: text = '{}' } = exchange.req.query()
    const args = Args.safeParse(requireJson(text, '`args`'))
    if (!args.success) throw new HttpError(400, 'BadArgs', z.prettifyError(args.error))
    return respond(exchange, await functions.call({ path, args: args.data, caller, kind: 'query' }))
  })
  routes.post('/api/query_batch', async (exchange) => {
    const caller = await callerOf(exchange)
    const { queries } = await readBody(exchange, Batch)
    const replies = await Promise.all(
      queries.map(({ path, args }) => functions.call({ path, args, caller, kind: 'query' })),
    )
    return exchange.body(`{"results":[${replies.map(encode).join(',')}]}`, 200, JSON_TYPE)
  })
  routes.post(`${RUN}*`, async (exchange) => {
    const caller = await callerOf(exchange)
    const names = new URL(exchange.req.url).pathname.slice(RUN.length).split('/').map(decode)
    const { args } = await readBody(exchange, z.object({ args: Args.default({}) }))
    const path = `${names.slice(0, -1).join('/')}:${names.at(-1)}`
    return respond(exchange, await functions.call({ path, args, caller }))
  })
  return routes
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw new HttpError(400, 'BadFunctionPath', `"${name}" is no part of a function's path`)
  }
}

function respond(exchange: Exchange, reply: Reply): Response {
  return exchange.body(encode(reply), 200, JSON_TYPE)
}

/** A reply in the form that ConvexHttpClient reads. Source: convex, src/browser/http_client.ts */
function encode(reply: Reply): string {
  const logLines = `"logLines":${JSON.stringify(reply.logLines)}`
  if (reply.ok) return `{"status":"success","value":${reply.value},${logLines}}`
  const { message, data } = reply.failure
  const errorData = data === undefined ? '' : `"errorData":${JSON.stringify(data)},`
  return `{"status":"error","errorMessage":${JSON.stringify(message)},${errorData}${logLines}}`
}
