import type { Server } from 'node:http'
import path from 'node:path'
import { NebulaError } from '@nebula/stack/errors'
import { adminCaller, callerOf, NOBODY, userCaller } from './auth/caller.ts'
import { Deployer, type InstallReason, loadDeployed } from './deploy/deployer.ts'
import { type Deployment, NOTHING_DEPLOYED } from './deploy/deployment.ts'
import { PushError } from './deploy/pushRequest.ts'
import { Revisions } from './deploy/revisions.ts'
import { Engine } from './engine/engine.ts'
import { installFunctionGlobals } from './engine/execution.ts'
import { FunctionLog } from './functionLog.ts'
import { Functions } from './functions.ts'
import { adminRoutes } from './http/adminRoutes.ts'
import type { Exchange } from './http/exchange.ts'
import { functionRoutes } from './http/functionRoutes.ts'
import { close, listen, makeHttpServer } from './http/httpServer.ts'
import { route } from './http/router.ts'
import { siteHandler } from './http/siteHandler.ts'
import { storageRoutes } from './http/storageRoutes.ts'
import { Origins } from './origins.ts'
import { Crons } from './schedule/crons.ts'
import { Scheduler } from './schedule/scheduler.ts'
import { STAND_IN, STAND_IN_HEADERS } from './standIn.ts'
import { FileStorage } from './store/fileStorage.ts'
import { Store } from './store/store.ts'
import type { Message } from './sync/messages.ts'
import { Publisher } from './sync/publisher.ts'
import { SocketServer } from './sync/socketServer.ts'
import { Subscriptions } from './sync/subscription.ts'
import { SystemQueries } from './systemQueries.ts'

export interface ConvexServerOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly apiPort: number
  readonly sitePort: number
  readonly dataDir: string
  readonly instanceName: string
  /** 32 bytes as 64 hexadecimal digits. */
  readonly instanceSecret: string
  /** How browsers reach the two ports. Default: the addresses that it listens on. */
  readonly cloudOrigin?: string
  readonly siteOrigin?: string
  /** Gets readable lines, without a line break at the end. */
  readonly log: (line: string) => void
}

export interface ConvexServer {
  readonly url: string
  readonly siteUrl: string
  /** Ends it: clients are told, calls that are under way get a moment, everything is on disk. */
  close(): Promise<void>
}

const CLOSE_GRACE_MS = 3_000
const PRUNE_MS = 600_000

/**
 * Starts the stand-in on a folder. Ready when it returns.
 * @throws NebulaError when a port is taken, the folder is in use, damaged or not writable, or convex-test is not the expected one.
 */
export async function startConvexServer(options: ConvexServerOptions): Promise<ConvexServer> {
  const { log, instanceName } = options
  installFunctionGlobals()
  process.setSourceMapsEnabled(true)
  const instance = { instanceName, instanceSecret: options.instanceSecret }
  // Checks the secret, which must not turn out wrong at the first request.
  verifySecret(options.instanceSecret)

  const store = new Store(options.dataDir)
  const origins = new Origins(store)
  const files = new FileStorage({
    folder: path.join(options.dataDir, 'files'),
    secret: options.instanceSecret,
    origin: () => origins.cloud,
  })
  const apiServer = makeHttpServer((exchange) => api(exchange), { log, cors: true })
  const siteServer = makeHttpServer((exchange) => site(exchange), { log, cors: true })
  let api: (exchange: Exchange) => void | Promise<void> = (exchange) => exchange.text('Starting', 503)
  let site = api
  try {
    const apiPort = await listen(apiServer, options.host, options.apiPort, 'CONVEX_API_PORT')
    const sitePort = await listen(siteServer, options.host, options.sitePort, 'CONVEX_SITE_PORT')
    const url = `http://${options.host}:${apiPort}`
    const siteUrl = `http://${options.host}:${sitePort}`
    origins.setDefaults(options.cloudOrigin ?? url, options.siteOrigin ?? siteUrl)

    const builtIn = () => ({ CONVEX_CLOUD_URL: origins.cloud, CONVEX_SITE_URL: origins.site })
    const revisions = new Revisions(options.dataDir)
    const functionLog = new FunctionLog(log)
    const deployment = await loadOrNothing()
    const engine = new Engine({
      store,
      files,
      deployment,
      onCommit: (changed) => {
        for (const id of changed) if (id.endsWith('_storage') && engine.document(id) === null) files.remove(id)
        scheduler.changed(changed)
        if (subscriptions.invalidate(changed)) publisher.request()
      },
      onCall: (outcome, durationMs) => functionLog.add(outcome, durationMs),
    })
    files.sweep((id) => engine.document(id) !== null)
    const functions = new Functions({ engine, store, system: new SystemQueries(engine, store, () => origins.cloud) })
    const subscriptions = new Subscriptions()
    const onError = (error: unknown) => log(`subscriptions: ${error instanceof Error ? error.stack : String(error)}`)
    const publisher = new Publisher({ engine, functions, subscriptions, onError })
    const scheduler = new Scheduler({ engine, functions, log })
    const crons = new Crons({ functions, log })
    const install = (next: Deployment, reason: InstallReason) => {
      if (reason === 'push') log(`Deployed ${next.functions.size} functions`)
      else log('Changed the environment of the functions')
      crons.start(next.crons)
      subscriptions.invalidateAll()
      publisher.request()
    }
    const deployer = new Deployer({ engine, store, revisions, builtIn, onInstall: install })
    const whoCalls = (exchange: Exchange) =>
      callerOf(exchange.request.headers.authorization, instance, engine.deployment.auth)
    const sockets = new SocketServer(
      publisher,
      { functions, subscriptions, requestRound: () => publisher.request(), authenticate },
      STAND_IN_HEADERS,
    )
    const describe = (text: string) => (exchange: Exchange) => exchange.text(text)
    const actions = siteHandler({ engine, prefix: '/http', callerOf: whoCalls })
    const fixed = { 'GET /version': describe(STAND_IN), 'GET /instance_name': describe(instanceName) }
    api = route({
      ...fixed,
      'GET /': describe(`${STAND_IN}\nThis deployment is running. Its dashboard is another address.\n`),
      'GET /instance_version': describe(STAND_IN),
      ...functionRoutes({ functions, callerOf: whoCalls, ts: () => engine.ts }),
      ...adminRoutes({ deployer, log: functionLog, origins, callerOf: whoCalls }),
      ...storageRoutes(engine, files),
      ...Object.fromEntries(METHODS.map((method) => [`${method} /http/*`, actions])),
    })
    const direct = siteHandler({ engine, prefix: '', callerOf: whoCalls })
    site = (exchange) => {
      const isVersion = exchange.url.pathname === '/version' && !engine.deployment.http?.lookup('/version', 'GET')
      return isVersion ? exchange.text(STAND_IN) : direct(exchange)
    }
    apiServer.on('upgrade', (request, socket, head) => {
      if (!sockets.upgrade(request, socket, head)) socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n')
    })
    await scheduler.start()
    crons.start(deployment.crons)
    const pruning = setInterval(() => {
      store.prune()
      void scheduler.prune()
    }, PRUNE_MS)
    log(`${STAND_IN}. For development only`)
    log(`Instance "${instanceName}", API on ${url}, HTTP actions on ${siteUrl}, data in ${options.dataDir}`)
    return { url, siteUrl, close: () => shutDown() }

    async function authenticate(message: Message<'Authenticate'>) {
      if (message.tokenType === 'None') return NOBODY
      if (message.tokenType === 'User') return await userCaller(message.value ?? '', engine.deployment.auth)
      return adminCaller(message.value ?? '', instance, message.impersonating)
    }

    async function loadOrNothing(): Promise<Deployment> {
      try {
        return await loadDeployed(store, revisions, builtIn())
      } catch (error) {
        if (!(error instanceof PushError)) throw error
        log(`The deployed functions do not load, deploy them again. ${error.message}`)
        return { ...NOTHING_DEPLOYED, environment: { ...store.environment(), ...builtIn() } }
      }
    }

    async function shutDown(): Promise<void> {
      clearInterval(pruning)
      scheduler.stop()
      crons.stop()
      sockets.close()
      await Promise.all([close(apiServer, CLOSE_GRACE_MS), close(siteServer, CLOSE_GRACE_MS)])
      sockets.terminate()
      store.close()
    }
  } catch (error) {
    await Promise.all([closeQuietly(apiServer), closeQuietly(siteServer)])
    store.close()
    throw error
  }
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

function verifySecret(secret: string): void {
  if (/^[0-9a-f]{64}$/i.test(secret)) return
  throw new NebulaError('INSTANCE_SECRET must be 64 hexadecimal digits', {
    code: 'INSTANCE_SECRET_INVALID',
    hint: 'openssl rand -hex 32',
  })
}

async function closeQuietly(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
