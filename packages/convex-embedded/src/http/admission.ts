import type { IncomingMessage } from 'node:http'
import { isIP, isIPv4 } from 'node:net'
import { HttpError } from './httpError.ts'

/** `name`, `127.0.0.1` or `[::1]`, and a port or none. What the URL parser makes of the rest is not worth knowing. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i
/** Tauri's page: on macOS and Linux a scheme of its own, on Windows and Android a name of this machine. */
const TAURI = { protocol: 'tauri:', hostname: 'tauri.localhost' }
/** `https://name-3210.app.github.dev`: what GitHub calls the port of a codespace. */
const FORWARDED = /^(.+)-\d+$/

interface AdmissionOptions {
  /** Requests do nothing, and no page may read the answers anyway. */
  readonly anyPage?: boolean
  /** Ports of this machine whose pages are let in: on others are other projects. Default: all. */
  readonly localPages?: readonly number[] | undefined
}

/**
 * Decides which requests are looked at, before anything reads them. Any web page can send requests to this machine, and
 * can have its own name lead here: neither is to act on the deployment or to read what is served. What names no origin
 * is no page.
 */
export class Admission {
  readonly #known: () => readonly string[]
  readonly #anyPage: boolean
  readonly #localPages: readonly number[] | undefined

  /** @param known origins that are let in beside those of this machine; `*` lets in every one. */
  constructor(known: () => readonly string[], options: AdmissionOptions = {}) {
    this.#known = known
    this.#anyPage = options.anyPage ?? false
    this.#localPages = options.localPages
  }

  /** @throws HttpError 400 for what is malformed, 403 for a host or an origin that is not let in. */
  admit({ method, url: target = '', headers }: IncomingMessage): void {
    if (method === 'TRACE') throw new HttpError(400, 'BadMethod', 'TRACE is not served')
    // A URL would bring a host of its own, and so does what begins with two slashes.
    if (!target.startsWith('/') || target.startsWith('//') || !URL.canParse(target, 'http://localhost')) {
      throw new HttpError(400, 'BadRequestTarget', 'The request target is not a path')
    }
    const { host = '', origin } = headers
    if (!HOST.test(host) || !URL.canParse(`http://${host}`)) {
      throw new HttpError(400, 'BadHost', 'The Host header is malformed')
    }
    const { hostname } = new URL(`http://${host}`)
    const known = this.#known()
    if (known.includes('*')) return
    if (!isOwnName(hostname) && !known.some((url) => isNameOf(hostname, url))) {
      throw new HttpError(403, 'UnknownHost', `The Convex stand-in does not answer to the name ${hostname}. ${ALLOW}`)
    }
    if (this.#anyPage || origin === undefined || this.#isOwnOrigin(origin, host)) return
    if (known.some((url) => isOriginOf(origin, url))) return
    throw new HttpError(403, 'UnknownOrigin', `The Convex stand-in refuses requests from pages of ${origin}. ${ALLOW}`)
  }

  /** Whether a page is one of this machine, or of the name that it calls. */
  #isOwnOrigin(origin: string, calledHost: string): boolean {
    if (!URL.canParse(origin)) return false
    const { protocol, hostname, host, port } = new URL(origin)
    if (protocol === TAURI.protocol) return hostname === 'localhost'
    if (!isHttp(protocol)) return false
    if (!isLoopback(hostname)) return hostname === new URL(`http://${calledHost}`).hostname
    if (this.#localPages === undefined || hostname === TAURI.hostname) return true
    return host === calledHost.toLowerCase() || this.#localPages.includes(Number(port))
  }
}

const ALLOW = 'To allow it, start the stand-in with its origin in CONVEX_ALLOWED_ORIGINS.'

/**
 * Names that nobody can have lead here from elsewhere: addresses, names of this machine, and names without a dot, which
 * are a network's own, as those of a cluster's services are. `.internal` is nobody's on the Internet.
 */
function isOwnName(hostname: string): boolean {
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return true
  return !hostname.includes('.') || /\.(localhost|internal|svc|svc\.cluster\.local)$/.test(hostname)
}

/** Whether it leads to this machine and to no other, from wherever. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]') return true
  // An address, not a name that only begins as one.
  return isIPv4(hostname) && hostname.startsWith('127.')
}

function isOriginOf(origin: string, known: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(known)) return false
  const { protocol, hostname, host } = new URL(origin)
  const other = new URL(known)
  return protocol === other.protocol && (host === other.host || isForwardedBeside(hostname, other))
}

function isNameOf(hostname: string, known: string): boolean {
  if (!URL.canParse(known)) return false
  const url = new URL(known)
  return hostname === url.hostname || isForwardedBeside(hostname, url)
}

/** Whether it is another port of the same codespace. */
function isForwardedBeside(hostname: string, known: URL): boolean {
  if (known.protocol !== 'https:') return false
  const [label = '', ...domain] = hostname.split('.')
  const [knownLabel = '', ...knownDomain] = known.hostname.split('.')
  const name = FORWARDED.exec(knownLabel)?.[1]
  return name !== undefined && FORWARDED.exec(label)?.[1] === name && domain.join('.') === knownDomain.join('.')
}

function isHttp(protocol: string): boolean {
  return protocol === 'http:' || protocol === 'https:'
}
