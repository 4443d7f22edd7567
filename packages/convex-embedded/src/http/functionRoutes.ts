import type { JSONValue } from 'convex/values'
import { z } from 'zod'
import type { Caller } from '../auth/caller.ts'
import type { FunctionKind } from '../engine/execution.ts'
import type { Functions, Reply } from '../functions.ts'
import { encodeTs } from '../sync/messages.ts'
import type { Exchange } from './exchange.ts'
import type { Routes } from './router.ts'

const Args = z.custom<JSONValue>((value) => value !== undefined)
const Call = z.object({ path: z.string(), args: Args, componentPath: z.string().nullish() })
const Batch = z.object({ queries: z.array(Call) })

/** The public API for functions: `/api/query`, `/api/mutation`, `/api/action` and their kin. */
export function functionRoutes(options: {
  functions: Functions
  callerOf: (exchange: Exchange) => Promise<Caller>
  ts: () => bigint
}): Routes {
  const { functions, callerOf } = options
  const run = (kind?: FunctionKind) => async (exchange: Exchange) => {
    const caller = await callerOf(exchange)
    const { path, args } = await exchange.body(Call)
    respond(exchange, await functions.call({ path, args, caller, ...(kind ? { kind } : {}) }))
  }
  return {
    'POST /api/query': run('query'),
    // One moment is as good as another: the newest is the only one there is.
    'POST /api/query_at_ts': run('query'),
    'POST /api/mutation': run('mutation'),
    'POST /api/action': run('action'),
    'POST /api/function': run(),
    'POST /api/query_ts': (exchange) => exchange.json({ ts: encodeTs(options.ts()) }),
    'GET /api/query': async (exchange) => {
      const caller = await callerOf(exchange)
      const { searchParams } = exchange.url
      const path = searchParams.get('path') ?? ''
      const args = Args.parse(JSON.parse(searchParams.get('args') ?? '{}'))
      respond(exchange, await functions.call({ path, args, caller, kind: 'query' }))
    },
    'POST /api/query_batch': async (exchange) => {
      const caller = await callerOf(exchange)
      const { queries } = await exchange.body(Batch)
      const replies = await Promise.all(
        queries.map(({ path, args }) => functions.call({ path, args, caller, kind: 'query' })),
      )
      exchange.text(`{"results":[${replies.map(encode).join(',')}]}`, 200, 'application/json')
    },
    'POST /api/run/*': async (exchange) => {
      const caller = await callerOf(exchange)
      const { args } = await exchange.body(z.object({ args: Args.default({}) }))
      const names = exchange.url.pathname.slice('/api/run/'.length).split('/').map(decodeURIComponent)
      const path = `${names.slice(0, -1).join('/')}:${names.at(-1)}`
      respond(exchange, await functions.call({ path, args, caller }))
    },
  }
}

function respond(exchange: Exchange, reply: Reply): void {
  exchange.text(encode(reply), 200, 'application/json')
}

/** A reply in the form that ConvexHttpClient reads. Source: convex, src/browser/http_client.ts */
function encode(reply: Reply): string {
  const logLines = `"logLines":${JSON.stringify(reply.logLines)}`
  if (reply.ok) return `{"status":"success","value":${reply.value},${logLines}}`
  const { message, data } = reply.failure
  const errorData = data === undefined ? '' : `"errorData":${JSON.stringify(data)},`
  return `{"status":"error","errorMessage":${JSON.stringify(message)},${errorData}${logLines}}`
}
