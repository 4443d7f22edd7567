import { randomBytes } from 'node:crypto'
import type { Exchange } from '../http/exchange.ts'
import { close, listen, makeHttpServer } from '../http/httpServer.ts'
import { route } from '../http/router.ts'
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
  const { deploymentUrl, adminKey, log } = options
  // Inside a script element: nothing in it may look like the element's end.
  const config = JSON.stringify({ deploymentUrl, adminKey }).replaceAll('<', '\\u003c')
  const server = makeHttpServer(
    route({
      'GET /': (exchange) => sendPage(exchange, config),
      'GET /version': (exchange) => exchange.text(STAND_IN),
    }),
    log,
  )
  const port = await listen(server, options.host, options.port, 'DASHBOARD_PORT')
  const url = `http://${options.host}:${port}`
  log(`Dashboard of ${STAND_IN}`)
  log(`Dashboard on ${url}, for the deployment ${deploymentUrl}`)
  return { url, close: () => close(server, CLOSE_GRACE_MS) }
}

function sendPage(exchange: Exchange, config: string): void {
  const nonce = randomBytes(16).toString('base64')
  exchange.response.setHeader(
    'Content-Security-Policy',
    `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src *; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'`,
  )
  exchange.response.setHeader('Cache-Control', 'no-store')
  // A function, since `$` means something in a replacement text.
  const page = PAGE.replaceAll('%NONCE%', nonce).replace('"%CONFIG%"', () => config)
  exchange.text(page, 200, 'text/html; charset=utf-8')
}
