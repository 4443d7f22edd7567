import type { MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { type Deployer, PushTokenField } from '../deploy/deployer.ts'
import { PushRequest } from '../deploy/pushRequest.ts'
import type { FunctionLog } from '../functionLog.ts'
import type { Origins } from '../origins.ts'
import { type App, type CallerOf, makeRoutes } from './app.ts'
import { readBody } from './body.ts'
import { HttpError } from './httpError.ts'

const LOG_WAIT_MS = 30_000

const Changes = z.object({
  changes: z.array(z.object({ name: z.string(), value: z.string().nullable().default(null) })),
})
const FinishPush = z.object({ startPush: PushTokenField, dryRun: z.boolean() })
const CanonicalUrl = z.object({ requestDestination: z.enum(['convexCloud', 'convexSite']), url: z.url().nullable() })

/** What the CLI uses: pushes, environment variables, logs. All of it wants the admin key. */
export function adminRoutes(options: {
  deployer: Deployer
  log: FunctionLog
  origins: Origins
  callerOf: CallerOf
}): App {
  const { deployer, log, origins } = options
  const admin = adminOnly(options.callerOf)
  const routes = makeRoutes()
  routes.get('/api/check_admin_key', admin, (exchange) => exchange.json({ success: true }))
  // No hashes: every push is whole, so none depends on what the deployment has kept.
  routes.post('/api/get_config_hashes', admin, (exchange) =>
    exchange.json({
      config: { functions: 'convex/' },
      moduleHashes: [],
      nodeDependencies: [],
      udfServerVersion: null,
    }),
  )
  routes.post('/api/deploy2/evaluate_push', admin, async (exchange) =>
    Response.json(await deployer.evaluate(await readBody(exchange, PushRequest))),
  )
  routes.post('/api/deploy2/start_push', admin, async (exchange) =>
    Response.json(await deployer.start(await readBody(exchange, PushRequest))),
  )
  routes.post('/api/deploy2/wait_for_schema', admin, async (exchange) => {
    const { schemaChange } = await readBody(exchange, PushTokenField)
    return exchange.json(deployer.checkSchema(schemaChange.schemaIds.push))
  })
  routes.post('/api/deploy2/finish_push', admin, async (exchange) => {
    const { startPush, dryRun } = await readBody(exchange, FinishPush)
    return Response.json(await deployer.finish(startPush.schemaChange.schemaIds.push, dryRun))
  })
  routes.post('/api/deploy2/report_push_completed', admin, (exchange) => exchange.json(null))
  routes.post('/api/update_environment_variables', admin, async (exchange) => {
    const { changes } = await readBody(exchange, Changes)
    await deployer.changeEnvironment(changes)
    return exchange.json(null)
  })
  routes.get('/api/stream_function_logs', admin, async (exchange) => {
    const cursor = Number(exchange.req.query('cursor') ?? 0)
    return Response.json(await log.after(cursor, LOG_WAIT_MS, exchange.req.raw.signal))
  })
  routes.get('/api/v1/get_canonical_urls', admin, (exchange) =>
    exchange.json({ convexCloudUrl: origins.cloud, convexSiteUrl: origins.site }),
  )
  routes.post('/api/v1/update_canonical_url', admin, async (exchange) => {
    const { requestDestination, url } = await readBody(exchange, CanonicalUrl)
    origins.override(requestDestination, url)
    // Functions see the new one in their environment.
    await deployer.changeEnvironment([])
    return exchange.json(null)
  })
  return routes
}

function adminOnly(callerOf: CallerOf): MiddlewareHandler {
  return async (exchange, next) => {
    const caller = await callerOf(exchange)
    if (!caller.admin) throw new HttpError(403, 'BadAdminKey', 'This needs an admin key')
    await next()
  }
}
