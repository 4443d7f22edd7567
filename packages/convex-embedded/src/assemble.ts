import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { adminCaller, callerOf as callerOfHeader, NOBODY, userCaller } from './auth/caller.ts'
import { Deployer, loadDeployed } from './deploy/deployer.ts'
import { type Deployment, NOTHING_DEPLOYED } from './deploy/deployment.ts'
import { PushError } from './deploy/pushRequest.ts'
import { Revisions } from './deploy/revisions.ts'
import { Engine } from './engine/engine.ts'
import { tableOf } from './engine/validator.ts'
import { FunctionLog } from './functionLog.ts'
import { Functions } from './functions.ts'
import { adminRoutes } from './http/adminRoutes.ts'
import { type App, type CallerOf, makeApp } from './http/app.ts'
import { functionRoutes } from './http/functionRoutes.ts'
import { siteRoutes } from './http/siteRoutes.ts'
import { storageRoutes } from './http/storageRoutes.ts'
import type { Origins } from './origins.ts'
import { Crons } from './schedule/crons.ts'
import { Scheduler } from './schedule/scheduler.ts'
import { STAND_IN, STAND_IN_HEADERS } from './standIn.ts'
import type { FileStorage } from './store/fileStorage.ts'
import type { Store } from './store/store.ts'
import { Publisher } from './sync/publisher.ts'
import type { SessionHost } from './sync/session.ts'
import { SocketServer } from './sync/socketServer.ts'
import { Subscriptions } from './sync/subscription.ts'
import { SystemQueries } from './systemQueries.ts'
import type { Watchdog } from './watchdog/watchdog.ts'

export interface AssemblyOptions {
  readonly dataDir: string
  readonly instanceName: string
  readonly instanceSecret: string
  readonly origins: Origins
  readonly files: FileStorage
  readonly watchdog: Watchdog
  readonly log: (line: string) => void
}

/** A deployment that runs, without the ports at which it can be reached. */
export interface Assembly {
  readonly api: App
  readonly site: App
  /** Takes a socket over that wants to sync. @returns false when it wants something else */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Starts nothing any more, and says goodbye to the clients. */
  stop(): void
  /** Cuts off the clients who have not gone. */
  terminate(): void
}

const PRUNE_MS = 600_000

/**
 * Puts the parts together on an open store, and takes up what a former process left to do.
 * @throws NebulaError when documents are damaged or convex-test is not the expected one.
 */
export async function assemble(store: Store, options: AssemblyOptions): Promise<Assembly> {
  const { origins, files, watchdog, log } = options
  const builtIn = () => ({ CONVEX_CLOUD_URL: origins.cloud, CONVEX_SITE_URL: origins.site })
  const revisions = new Revisions(options.dataDir)
  const functionLog = new FunctionLog(log)
  const deployment = await loadOrNothing(store, revisions, builtIn(), log)
  const listeners: ((changed: readonly string[]) => void)[] = []
  const engine = new Engine({
    store,
    files,
    deployment,
    onCommit: (changed) => tell(listeners, changed, log),
    whyRefused: (functionPath) => watchdog.whyRefused(functionPath),
    onCall: (outcome, durationMs) => functionLog.add(outcome, durationMs),
  })
  files.sweep((id) => engine.document(id) !== null)
  const functions = new Functions({ engine, store, system: new SystemQueries(engine, store, () => origins.cloud) })
  const subscriptions = new Subscriptions()
  const onError = (error: unknown) => log(`sync: ${error instanceof Error ? error.stack : String(error)}`)
  const publisher = new Publisher({ engine, functions, subscriptions, onError })
  const scheduler = new Scheduler({ engine, functions, log })
  const crons = new Crons({ functions, log })
  listeners.push(
    (changed) => removeFiles(changed, engine, files),
    (changed) => scheduler.changed(changed),
    (changed) => void (subscriptions.invalidate(changed) && publisher.request()),
  )
  let { revision } = deployment
  const deployer = new Deployer({
    engine,
    store,
    revisions,
    builtIn,
    onInstall: (next, reason) => {
      // Other code or another environment may have mended it; a push of what is there already has not.
      if (next.revision !== revision) watchdog.forgive()
      revision = next.revision
      if (reason === 'push') log(`Deployed ${next.functions.size} functions`)
      else log('Changed the environment of the functions')
      crons.start(next.crons)
      subscriptions.invalidateAll()
      publisher.request()
    },
  })
  const requestRound = () => publisher.request()
  const authenticate = authenticator(engine, options)
  const sockets = new SocketServer(
    publisher,
    { functions, subscriptions, requestRound, authenticate, onError },
    STAND_IN_HEADERS,
  )
  await scheduler.start()
  crons.start(deployment.crons)
  const pruning = setInterval(() => {
    store.prune()
    void scheduler.prune()
  }, PRUNE_MS)

  const callerOf: CallerOf = ({ req }) => callerOfHeader(req.header('authorization'), options, engine.deployment.auth)
  const api = makeApp(log)
  api.get('/', ({ text }) => text(`${STAND_IN}\nThis deployment is running. Its dashboard is another address.\n`))
  api.get('/version', ({ text }) => text(STAND_IN))
  api.get('/instance_version', ({ text }) => text(STAND_IN))
  api.get('/instance_name', ({ text }) => text(options.instanceName))
  api.route('/', functionRoutes({ functions, callerOf, ts: () => engine.ts }))
  api.route('/', adminRoutes({ deployer, log: functionLog, origins, callerOf }))
  api.route('/', storageRoutes(engine, files))
  api.route('/', siteRoutes({ engine, prefix: '/http', callerOf }))
  const site = makeApp(log)
  site.get('/version', ({ text }, next) =>
    engine.deployment.http?.lookup('/version', 'GET') ? next() : text(STAND_IN),
  )
  site.route('/', siteRoutes({ engine, prefix: '', callerOf }))

  return {
    api,
    site,
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    stop() {
      clearInterval(pruning)
      scheduler.stop()
      crons.stop()
      sockets.close()
    },
    terminate: () => sockets.terminate(),
  }
}

/** The commit has happened: what goes wrong with one who is told of it concerns neither its caller nor the others. */
function tell(
  listeners: readonly ((changed: readonly string[]) => void)[],
  changed: readonly string[],
  log: (line: string) => void,
): void {
  for (const listener of listeners) {
    try {
      listener(changed)
    } catch (error) {
      log(`after a commit: ${error instanceof Error ? error.stack : String(error)}`)
    }
  }
}

function removeFiles(changed: readonly string[], engine: Engine, files: FileStorage): void {
  for (const id of changed) if (tableOf(id) === '_storage' && engine.document(id) === null) files.remove(id)
}

function authenticator(engine: Engine, instance: AssemblyOptions): SessionHost['authenticate'] {
  return async (message) => {
    if (message.tokenType === 'None') return NOBODY
    if (message.tokenType === 'User') return await userCaller(message.value ?? '', engine.deployment.auth)
    return adminCaller(message.value ?? '', instance, message.impersonating)
  }
}

async function loadOrNothing(
  store: Store,
  revisions: Revisions,
  builtIn: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Deployment> {
  try {
    return await loadDeployed(store, revisions, builtIn)
  } catch (error) {
    if (!(error instanceof PushError)) throw error
    log(`The deployed functions do not load, deploy them again. ${error.message}`)
    return { ...NOTHING_DEPLOYED, environment: { ...store.environment(), ...builtIn } }
  }
}
