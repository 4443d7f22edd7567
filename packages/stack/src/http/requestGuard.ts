import type { IncomingMessage } from 'node:http'

/**
 * Who may talk to a server on this machine. Every web page can send requests to 127.0.0.1, by its own name too, once that
 * name resolves to it (DNS rebinding): a request says in its headers under which name and from which page it comes.
 */
export interface Callers {
  /** The port that the server listens on. */
  readonly port: number
  /** `https://fluffy-waffle-6791.app.github.dev`: where a codespace forwards it to. */
  readonly forwardedOrigin?: string | undefined
}

/** Why a request is not answered. */
export interface Refusal {
  /** 400 for what is no request, 403 for one that is not ours to answer. */
  readonly status: 400 | 403
  readonly reason: string
}

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i
const AUTHORITY = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i
const LAST_PORT = 65_535
/** From a slash to printable ASCII: a second slash, or a backslash that browsers take for one, would begin a host. */
const TARGET = /^\/(?![/\\])[\x21-\x7e]*$/

/**
 * The path of a request target, without its query.
 * @returns null when the target is no path: a URL, `//host/`, `*`, or what no client that means well sends.
 */
export function pathOf(target: string | undefined): string | null {
  if (target === undefined || !TARGET.test(target) || target.includes('#')) return null
  return target.split('?', 1)[0] ?? null
}

/** Whether a Host header is a name or an address, with a port or without. */
export function hostIsWellFormed(host: string | undefined): boolean {
  const found = AUTHORITY.exec(host ?? '')
  if (!found) return false
  const port = Number(found[2]?.slice(1) ?? 80)
  return port >= 1 && port <= LAST_PORT
}

/** Whether a Host header names this machine, on whatever port an editor forwarded it to, or the codespace's own URL. */
export function hostIsKnown(host: string | undefined, { forwardedOrigin }: Callers): boolean {
  if (host === undefined || !hostIsWellFormed(host)) return false
  if (LOOPBACK.test(host)) return true
  return forwardedOrigin !== undefined && host.toLowerCase().replace(/:443$/, '') === new URL(forwardedOrigin).host
}

/**
 * Whether an Origin header is that of the server's own page. A page of another port is another project's.
 * @param host the request's Host header: on that port the page is where an editor forwarded it.
 */
export function originIsKnown(origin: string, host: string | undefined, { port, forwardedOrigin }: Callers): boolean {
  if (origin === forwardedOrigin) return true
  // Behind GitHub's forwarding the page is https, and its origin is told as that of the port on localhost.
  const authority = /^https?:\/\/(.*)$/.exec(origin)?.[1]
  if (authority === undefined || !LOOPBACK.test(authority)) return false
  return authority.endsWith(`:${port}`) || authority === host?.toLowerCase()
}

/** Whether the browser says that another site's page caused the request. Other clients say nothing. */
export function siteIsForeign({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site'
}

/** Whether it opens a page in a window of its own. Not every browser that says where it navigates says into what. */
function isLink({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { 'sec-fetch-mode': mode, 'sec-fetch-dest': destination = 'document' } = headers
  return mode === 'navigate' && destination === 'document'
}

/**
 * Looks at a request, or at one to upgrade, before anything is done with it.
 * @returns null when it may be answered.
 */
export function refusalOf(request: Pick<IncomingMessage, 'url' | 'headers'>, callers: Callers): Refusal | null {
  const { host, origin } = request.headers
  if (pathOf(request.url) === null) return { status: 400, reason: 'the request target is not a path' }
  if (!hostIsWellFormed(host)) return { status: 400, reason: 'the Host header is malformed' }
  if (!hostIsKnown(host, callers)) return { status: 403, reason: 'this server does not answer to this host name' }
  if (origin !== undefined && !originIsKnown(origin, host, callers)) {
    return { status: 403, reason: 'pages of another origin may not call this server' }
  }
  // A link to here may stand anywhere; what a foreign page embeds or fetches is not for it, and in a frame of its, a click
  // would be meant for something else.
  if (siteIsForeign(request) && !isLink(request)) {
    return { status: 403, reason: 'pages of another site may not call this server' }
  }
  return null
}
