import { once } from 'node:events'
import { get, type IncomingMessage, type ServerResponse } from 'node:http'
import { text as readText } from 'node:stream/consumers'

/** What the dashboard gets in place of the admin key. The page that it makes of that is worth nothing to a stranger. */
export const ADMIN_KEY_PLACEHOLDER = 'nebula-puts-the-admin-key-here'

/** Those that describe the body as it was, or the connection. */
const NOT_PASSED_ON = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'])
const LOCAL_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i
const TIMEOUT_MS = 30_000

export interface PageReplacement {
  readonly text: string
  readonly by: string
}

/** Whether a browser asks for a page. */
export function isPageRequest({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.accept?.includes('text/html') === true
}

/**
 * The origin of a page that a browser asks for on its own machine: an editor forwards a codespace's ports to localhost
 * too. GitHub's own forwarding says so in a header.
 * @returns null when the page comes from there.
 */
export function localPageOrigin({ headers }: IncomingMessage): string | null {
  const { host = '' } = headers
  return headers['x-forwarded-host'] === undefined && LOCAL_HOST.test(host) ? `http://${host}` : null
}

/**
 * Answers with the page of another server, in which texts are replaced.
 * @param host the Host header to ask with.
 */
export async function sendPage(
  url: string,
  host: string,
  response: ServerResponse,
  replacements: readonly PageReplacement[],
): Promise<void> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const headers = { host, accept: 'text/html', 'accept-encoding': 'identity' }
  const sent = get(url, { headers, signal })
  const [page]: IncomingMessage[] = await once(sent, 'response')
  if (!page) throw new TypeError('the event "response" has no response')
  let text = await readText(page)
  for (const { text: found, by } of replacements) text = text.replaceAll(found, by)
  response.statusCode = page.statusCode ?? 502
  for (const [name, value] of Object.entries(page.headers)) {
    if (value !== undefined && !NOT_PASSED_ON.has(name)) response.setHeader(name, value)
  }
  response.end(text)
}
