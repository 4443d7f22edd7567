import { randomBytes } from 'node:crypto'
import { Admission, isLoopback } from '../http/admission.ts'
import { type Exchange, makeApp } from '../http/app.ts'
import { close, listen, makeHttpServer } from '../http/httpServer.ts'
import { STAND_IN } from '../standIn.ts'
import { PAGE } from './page.ts'

export interface DashboardOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** The deployment's URL as the browser reaches it. */
  readonly deploymentUrl: string
  /** Fills in the log-in form. It stands in the page's source: for a machine's own loopback only. */
  readonly adminKey?: string
  /** Origins by which browsers may reach it beside this machine's own and the deployment's. */
  readonly allowedOrigins?: readonly string[]
  readonly log: (line: string) => void
}

export interface Dashboard {
  readonly url: string
  close(): Promise<void>
}

const CLOSE_GRACE_MS = 500

/**
 * Serves the dashboard: one page, which talks to the deployment from the browser.
 * @throws NebulaError when the port is taken.
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { deploymentUrl, allowedOrigins = [], log } = options
  const app = makeApp(log)
  app.get('/', (exchange) => sendPage(exchange, { deploymentUrl, ...keyFor(exchange, options) }))
  app.get('/version', (exchange) => exchange.text(STAND_IN))
  // The page may hold the admin key: no other page may read it, by whatever name it calls this server.
  const admission = new Admission(() => [deploymentUrl, ...allowedOrigins], { anyPage: true })
  const server = makeHttpServer((request, env) => app.fetch(request, env), { admission, cors: false })
  const port = await listen(server, options.host, options.port, 'DASHBOARD_PORT')
  const url = `http://${options.host}:${port}`
  log(`Dashboard of ${STAND_IN}`)
  log(`Dashboard on ${url}, for the deployment ${deploymentUrl}`)
  return { url, close: () => close(server, CLOSE_GRACE_MS) }
}

/**
 * The key for the log-in form, for a page by the name of this machine or of the deployment. Another site's name may be
 * made to lead here, and its scripts may read what is served under it.
 */
function keyFor({ req }: Exchange, { adminKey, deploymentUrl }: DashboardOptions): { adminKey?: string } {
  const { hostname, host } = new URL(req.url)
  const isKnown = isLoopback(hostname) || host === new URL(deploymentUrl).host
  return adminKey !== undefined && isKnown ? { adminKey } : {}
}

function sendPage(exchange: Exchange, config: { readonly deploymentUrl: string }): Response {
  const nonce = randomBytes(16).toString('base64')
  exchange.header(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src ${connections(config.deploymentUrl)}; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`,
  )
  exchange.header('Cache-Control', 'no-store')
  // Inside a script element: nothing in it may look like the element's end. A function, since `$` means something there.
  const page = PAGE.replaceAll('%NONCE%', nonce).replace('"%CONFIG%"', () =>
    JSON.stringify(config).replaceAll('<', '\\u003c'),
  )
  return exchange.html(page)
}

/** The page talks to its deployment, by HTTP and by WebSocket, and to nobody else: it holds the admin key. */
function connections(deploymentUrl: string): string {
  const { origin } = new URL(deploymentUrl)
  return `${origin} ${origin.replace(/^http/, 'ws')}`
}
