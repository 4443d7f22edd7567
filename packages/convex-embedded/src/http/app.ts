import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { AdminKeyError, type Caller } from '../auth/caller.ts'
import { TokenError } from '../auth/providers.ts'
import { PushError } from '../deploy/pushRequest.ts'
import { HttpError } from './httpError.ts'

/** What handlers get beside the request: Node.js' own side of it. */
interface Env {
  Bindings: HttpBindings
}
export type App = Hono<Env>
export type Exchange = Context<Env>

/** Finds out who calls. @throws TokenError, AdminKeyError */
export type CallerOf = (exchange: Exchange) => Promise<Caller>

/** Some routes of an app, to be put into one with `route('/', …)`. */
export function makeRoutes(): App {
  return new Hono<Env>()
}

/** An app that answers errors as `{code, message}`. What is not the client's fault is logged and not told. */
export function makeApp(log: (line: string) => void): App {
  const app = makeRoutes()
  app.notFound(({ req }) => {
    const name = `${req.method === 'HEAD' ? 'GET' : req.method} ${req.path}`
    return Response.json({ code: 'NotFound', message: `The Convex stand-in does not serve ${name}` }, { status: 404 })
  })
  app.onError((error, exchange) => {
    const { status, code, message } = describe(error)
    if (status === 500) log(`${exchange.req.method} ${exchange.req.path}: ${error.stack ?? error.message}`)
    // Nobody is going to read the rest of the body.
    if (status === 413) exchange.header('Connection', 'close')
    return exchange.json({ code, message }, status)
  })
  return app
}

function describe(error: Error): { status: HttpError['status'] | 500; code: string; message: string } {
  if (error instanceof HttpError) return error
  if (error instanceof PushError) return { status: 400, code: error.code, message: error.message }
  if (error instanceof AdminKeyError) return { status: 403, code: 'BadAdminKey', message: error.message }
  if (error instanceof TokenError) return { status: 401, code: 'Unauthenticated', message: error.message }
  return { status: 500, code: 'InternalServerError', message: 'The request could not be completed. The log says why' }
}
