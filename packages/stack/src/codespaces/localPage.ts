import type { IncomingMessage, ServerResponse } from 'node:http'

/** Those that describe the body as it was, or the connection. */
const NOT_PASSED_ON = new Set(['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'])
const LOCAL_HOST = /^(localhost|127\.0\.0\.1):\d+$/
const TIMEOUT_MS = 30_000

/**
 * The origin of a page that a browser asks for on its own machine: an editor forwards a codespace's ports to localhost
 * too. GitHub's own forwarding says so in a header.
 * @returns null when the page comes from there, or is no page.
 */
export function localPageOrigin({ method, url, headers }: IncomingMessage): string | null {
  // Only then is it a path, whatever stands in front of it.
  const isPage = method === 'GET' && url?.startsWith('/') && headers.accept?.includes('text/html') === true
  const { host = '' } = headers
  return isPage && headers['x-forwarded-host'] === undefined && LOCAL_HOST.test(host) ? `http://${host}` : null
}

/** Answers with the page of another server, in which one origin is replaced by another. */
export async function sendLocalPage(
  url: string,
  response: ServerResponse,
  replace: { readonly origin: string; readonly by: string },
): Promise<void> {
  const page = await fetch(url, {
    headers: { accept: 'text/html' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const text = await page.text()
  response.statusCode = page.status
  for (const [name, value] of page.headers) if (!NOT_PASSED_ON.has(name)) response.setHeader(name, value)
  response.end(text.replaceAll(replace.origin, replace.by))
}
