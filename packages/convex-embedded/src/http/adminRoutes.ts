import { z } from 'zod'
import type { Caller } from '../auth/caller.ts'
import { type Deployer, PushTokenField } from '../deploy/deployer.ts'
import { PushRequest } from '../deploy/pushRequest.ts'
import type { FunctionLog } from '../functionLog.ts'
import type { Origins } from '../origins.ts'
import { type Exchange, HttpError } from './exchange.ts'
import type { Handler } from './httpServer.ts'
import type { Routes } from './router.ts'

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
  callerOf: (exchange: Exchange) => Promise<Caller>
}): Routes {
  const { deployer, log, origins } = options
  const routes: Routes = {
    'GET /api/check_admin_key': (exchange) => exchange.json({ success: true }),
    // No hashes: every push is whole, so none depends on what the deployment has kept.
    'POST /api/get_config_hashes': (exchange) =>
      exchange.json({
        config: { functions: 'convex/' },
        moduleHashes: [],
        nodeDependencies: [],
        udfServerVersion: null,
      }),
    'POST /api/deploy2/evaluate_push': async (exchange) =>
      exchange.json(await deployer.evaluate(await exchange.body(PushRequest))),
    'POST /api/deploy2/start_push': async (exchange) =>
      exchange.json(await deployer.start(await exchange.body(PushRequest))),
    'POST /api/deploy2/wait_for_schema': async (exchange) => {
      const { schemaChange } = await exchange.body(PushTokenField)
      exchange.json(deployer.checkSchema(schemaChange.schemaIds.push))
    },
    'POST /api/deploy2/finish_push': async (exchange) => {
      const { startPush, dryRun } = await exchange.body(FinishPush)
      exchange.json(await deployer.finish(startPush.schemaChange.schemaIds.push, dryRun))
    },
    'POST /api/deploy2/report_push_completed': (exchange) => exchange.json(null),
    'POST /api/update_environment_variables': async (exchange) => {
      const { changes } = await exchange.body(Changes)
      await deployer.changeEnvironment(changes)
      exchange.json(null)
    },
    'GET /api/stream_function_logs': async (exchange) => {
      const cursor = Number(exchange.url.searchParams.get('cursor') ?? 0)
      exchange.json(await log.after(cursor, LOG_WAIT_MS, exchange.signal()))
    },
    'GET /api/v1/get_canonical_urls': (exchange) =>
      exchange.json({ convexCloudUrl: origins.cloud, convexSiteUrl: origins.site }),
    'POST /api/v1/update_canonical_url': async (exchange) => {
      const { requestDestination, url } = await exchange.body(CanonicalUrl)
      origins.override(requestDestination, url)
      // Functions see the new one in their environment.
      await deployer.changeEnvironment([])
      exchange.json(null)
    },
  }
  return Object.fromEntries(
    Object.entries(routes).map(([name, handler]) => [name, adminOnly(handler, options.callerOf)]),
  )
}

function adminOnly(handler: Handler, callerOf: (exchange: Exchange) => Promise<Caller>): Handler {
  return async (exchange) => {
    const caller = await callerOf(exchange)
    if (!caller.admin) throw new HttpError(403, 'BadAdminKey', 'This needs an admin key')
    return await handler(exchange)
  }
}
