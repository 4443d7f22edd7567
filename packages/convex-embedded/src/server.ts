import path from 'node:path'
import type { HttpBindings } from '@hono/node-server'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { type Assembly, assemble } from './assemble.ts'
import { installFunctionGlobals } from './engine/execution.ts'
import { Admission } from './http/admission.ts'
import { close, listen, makeHttpServer } from './http/httpServer.ts'
import { Origins } from './origins.ts'
import { STAND_IN } from './standIn.ts'
import { FileStorage } from './store/fileStorage.ts'
import { Store } from './store/store.ts'
import { Watchdog } from './watchdog/watchdog.ts'

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
  /** Origins that are let in beside those of this machine and of the deployment; `*` lets in every one. */
  readonly allowedOrigins?: readonly string[]
  /** Ports of this machine whose pages are let in. Default: all. */
  readonly localPages?: readonly number[] | undefined
  /** Milliseconds after which a function that never yields ends the server. Default: 15 s. */
  readonly functionLimitMs?: number | undefined
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

/**
 * Starts the stand-in on a folder. Ready when it returns.
 * @throws NebulaError when a port is taken, the folder is in use, damaged or not writable, or convex-test is not the expected one.
 */
export async function startConvexServer(options: ConvexServerOptions): Promise<ConvexServer> {
  const { log, host, dataDir, instanceName, instanceSecret, allowedOrigins = [], localPages } = options
  installFunctionGlobals()
  process.setSourceMapsEnabled(true)
  // It must not turn out wrong at the first request.
  verifySecret(instanceSecret)

  const store = new Store(dataDir)
  const origins = new Origins(store)
  const watchdog = new Watchdog(dataDir, options.functionLimitMs)
  const admission = new Admission(() => [origins.cloud, origins.site, ...allowedOrigins], { localPages })
  let assembly: Assembly | undefined
  const serve = (port: 'api' | 'site') => (request: Request, env: HttpBindings) =>
    assembly?.[port].fetch(request, env) ?? new Response('Starting', { status: 503 })
  const apiServer = makeHttpServer(serve('api'), {
    admission,
    cors: true,
    upgrade: (request, socket, head) => assembly?.upgrade(request, socket, head) ?? false,
  })
  const siteServer = makeHttpServer(serve('site'), { admission, cors: true })
  const closeBoth = (graceMs: number) => Promise.all([close(apiServer, graceMs), close(siteServer, graceMs)])
  try {
    const url = `http://${host}:${await listen(apiServer, host, options.apiPort, 'CONVEX_API_PORT')}`
    const siteUrl = `http://${host}:${await listen(siteServer, host, options.sitePort, 'CONVEX_SITE_PORT')}`
    origins.setDefaults(options.cloudOrigin ?? url, options.siteOrigin ?? siteUrl)
    const files = new FileStorage({
      folder: path.join(dataDir, 'files'),
      secret: instanceSecret,
      origin: () => origins.cloud,
    })
    watchdog.start()
    const running = await assemble(store, { dataDir, instanceName, instanceSecret, origins, files, watchdog, log })
    assembly = running
    log(`${STAND_IN}. For development only`)
    log(`Instance "${instanceName}", API on ${url}, HTTP actions on ${siteUrl}, data in ${dataDir}`)
    for (const { function: name } of watchdog.refused) log(watchdog.whyRefused(name) ?? '')
    return {
      url,
      siteUrl,
      async close() {
        running.stop()
        await closeBoth(CLOSE_GRACE_MS)
        running.terminate()
        watchdog.stop()
        store.close()
      },
    }
  } catch (error) {
    await closeBoth(0)
    watchdog.stop()
    store.close()
    throw error
  }
}

function verifySecret(secret: string): void {
  if (/^[0-9a-f]{64}$/i.test(secret)) return
  throw new NebulaError('INSTANCE_SECRET must be 64 hexadecimal digits', {
    code: 'INSTANCE_SECRET_INVALID',
    hint: 'openssl rand -hex 32',
  })
}
