import type { IncomingMessage, ServerResponse } from 'node:http'
import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { findCodespace, forwardedOrigin } from '@nebula/stack/codespaces/codespace'
import { parentEnded } from '@nebula/stack/system/parentEnded'
import type { Connect, Plugin, ProxyOptions } from 'vite'
import { CONVEX_PREFIX, SERVICES_PATH, type StackFacts } from '../src/stack/settings.ts'
import { convexPath, guardPage, hideErrorsOfCallers } from './pageGuard.ts'
import { servedFiles } from './servedFiles.ts'
import { type ServicesHealthOptions, servicesHealth } from './servicesHealth.ts'

const SERVICE = 'desktop'

export interface StackPluginOptions {
  /** The checkout. */
  readonly root: string
  readonly catalogue: Catalogue
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Makes Vite a part of the stack: it listens on the port of infra/stack.yaml (or `PORT`) of this machine only, passes
 * Convex on (HTTP and WebSocket) and tells how the services are, all on the page's own origin.
 */
export function stackPlugin({ root, catalogue, env }: StackPluginOptions): Plugin {
  const port = Number(env.PORT ?? findEndpoint(catalogue, SERVICE, 'web').localPort)
  const codespace = findCodespace(env)
  const forwarded = codespace ? forwardedOrigin(codespace, port) : undefined
  const callers = { port, forwardedOrigin: forwarded }
  const listening = {
    host: '127.0.0.1',
    port,
    strictPort: true,
    // The host name under which Codespaces forwards the port; anything but this and localhost may be a rebound name.
    allowedHosts: forwarded === undefined ? [] : [new URL(forwarded).host],
    // The page is the only one that this server is for, and of its own origin.
    cors: false,
    proxy: { [`^${CONVEX_PREFIX}(?:[/?]|$)`]: convexProxy(endpointUrl(catalogue, 'convex-backend', 'api')) },
  }
  const answer = servicesHandler({ root, catalogue, except: SERVICE })
  return {
    name: 'nebula-stack',
    config: () => ({
      define: { __STACK__: JSON.stringify(facts(catalogue, port)) },
      server: { ...listening, fs: servedFiles(root) },
      preview: listening,
    }),
    configureServer(server) {
      server.middlewares.use(SERVICES_PATH, answer)
      // Tilt, or the supervisor, was killed: the port has to be free for the next one.
      void parentEnded().then(() => process.exit())
      return () => {
        hideErrorsOfCallers(server)
        guardPage(server, callers)
      }
    },
    configurePreviewServer(server) {
      server.middlewares.use(SERVICES_PATH, answer)
      return () => guardPage(server, callers)
    },
  }
}

function facts(catalogue: Catalogue, port: number): StackFacts {
  const { owner: convex, ownerTitle: convexTitle } = findEndpoint(catalogue, 'convex-backend', 'api')
  const {
    owner: worker,
    ownerTitle: workerTitle,
    path: health = '/',
  } = findEndpoint(catalogue, 'nebula-worker', 'health')
  return {
    port,
    temporalUiPort: findEndpoint(catalogue, 'temporal-ui', 'ui').localPort,
    convex: { id: convex, title: convexTitle },
    worker: { id: worker, title: workerTitle, healthUrl: endpointUrl(catalogue, worker, 'health') + health },
  }
}

function convexProxy(target: string): ProxyOptions {
  // The browser's name for this server is none of Convex'.
  return { target, ws: true, changeOrigin: true, rewrite: (url) => convexPath(url) ?? '/' }
}

function servicesHandler(options: ServicesHealthOptions): Connect.NextHandleFunction {
  const health = servicesHealth(options)
  return (_request: IncomingMessage, response: ServerResponse, next) => {
    health().then((services) => {
      response.setHeader('content-type', 'application/json')
      response.setHeader('cache-control', 'no-store')
      response.end(JSON.stringify({ services }))
    }, next)
  }
}
