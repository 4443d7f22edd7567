import fc from 'fast-check'
import { HOSTILE as HOSTILE_TARGETS, UPGRADE } from '../../../packages/stack/test/rawRequest.ts'
import type { Sent } from './exchange.ts'
import { hostileJson, mutated } from './json.ts'

/** A request that a server means to answer. */
export interface Route {
  readonly method: string
  readonly path: string
  /** Values of the query. */
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: readonly string[]
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown
}

const METHODS = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PROPFIND', 'QUERY'],
  ...['get', 'G\x00T', 'A'.repeat(2_000), '', 'GET GET'],
] // biome-ignore format: lists

const SEGMENTS = [
  ...['', '.', '..', '...', '%2e%2e', '%2e%2e%2f', '..%2f..', '%252e%252e', '..\\', '%5c..%5c', '%00', 'a%00.js', '%E0%A4%A', '%ff', '%', '%zz', '%u0041'],
  ...['[', ']', '[::1]', 'http:', 'http://[', 'evil.example', '@evil.example', 'user:password@localhost', ':99999', 'localhost:80', '//', '/[', '/evil.example', '/\\', '\\\\evil'],
  ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'null', 'undefined', '$&', '${7*7}', '{{7*7}}', '*', ':name', '(.*)', '-1', '1e999'],
  ...['#', '#x', '?', '??', '?=', '?&', '&', ';', ';x=1', '%3f', '%23', '\x7f', '\xff', '\xc3\xa9', 'a'.repeat(300), 'a/'.repeat(100), 'A'.repeat(9_000)],
] // biome-ignore format: lists

const HOSTS = [
  ...['', ' ', '[', ']', '[::1]', '[::1]:80', '[::', '[::1', '::1', '127.1', '0x7f.1', '2130706433', '127.0.0.1.', 'localhost.', 'LOCALHOST', 'localhost:'],
  ...['localhost:0', 'localhost:99999', 'localhost:-1', 'localhost:a', 'localhost:80:80', 'a b', 'evil.example', 'localhost.evil.example', '127.evil.example', 'evil.example#localhost'],
  ...['evil.example/localhost', 'user@localhost', 'localhost@evil.example', 'localhost, evil.example', 'localhost,localhost', 'xn--', 'xn--a', '%6cocalhost', 'localhost%00'],
  ...['\xff', '\x7f', '*', 'null', '__proto__', '-', '.', '..', '_', 'a'.repeat(300), `${'a.'.repeat(200)}a`, '1.2.3.4.5', '999.1.1.1', '127.0.0.1', 'localhost'],
] // biome-ignore format: lists

const ORIGINS = [
  ...['null', '', 'http://localhost', 'https://evil.example', 'http://localhost.evil.example', 'http://127.evil.example', 'file://', 'http://[', 'http://', 'tauri://localhost', 'x'],
  ...['http://localhost@evil.example', 'http://evil.example#http://localhost', 'http://localhost, http://evil.example', 'data:text/html,x', '\xff', 'http://127.0.0.1:99999'],
] // biome-ignore format: lists

const VALUES = [
  ...['', ' ', '0', '-1', '1e9', '99999999999999999999', 'NaN', 'null', 'true', '*', '*/*', '\t', '\x7f', '\xff\xfe', '\xc3\xa9', '"', '%', '%00', ',', ',,,,', ';', '; ; ;', '=', '<script>'],
  ...['__proto__', 'constructor', 'text/html', 'text/html; charset=\xff', 'application/json', 'application/json; charset=utf-7', 'multipart/form-data', 'multipart/form-data; boundary=', 'a/b; a=b; a=b'],
  ...['gzip', 'br', 'deflate', 'gzip, br', 'identity;q=0', 'bytes=0-', 'bytes=-1', 'bytes=5-1', 'bytes=0-0,0-0,0-0', 'Basic !!!', 'Basic Og==', 'Bearer ', 'Bearer a.b.c', 'Bearer eyJhbGciOiJub25lIn0.e30.'],
  ...['Bearer eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOnt9fQ.AA', 'Convex ', 'Convex a|b', 'Convex fixture|', 'Convex fixture|\xff', 'Convex |', 'Convex fixture:e30=|00', 'Convex fixture:bm90IGpzb24=|ab', 'Convex fixture:bnVsbA==|00'],
  ...['https', 'evil.example', 'localhost', 'for=1.1.1.1;host=evil.example', '127.0.0.1, 10.0.0.1', 'a=b', 'a=b; '.repeat(200), 'x'.repeat(9_000), '"W/\\"', 'Thu, 01 Jan 1970 00:00:00 GMT', 'navigate', 'cross-site', 'document'],
] // biome-ignore format: lists

const HEADERS = [
  ...['Accept', 'Accept-Encoding', 'Accept-Language', 'Authorization', 'Cache-Control', 'Content-Type', 'Content-Encoding', 'Content-Range', 'Cookie', 'Date', 'Forwarded', 'From', 'If-Match'],
  ...['If-Modified-Since', 'If-None-Match', 'If-Range', 'Max-Forwards', 'Pragma', 'Range', 'Referer', 'TE', 'User-Agent', 'Via', 'Warning', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto'],
  ...['X-Forwarded-Port', 'X-HTTP-Method-Override', 'X-Original-URL', 'Convex-Client', 'Sec-Fetch-Site', 'Sec-Fetch-Mode', 'Sec-Fetch-Dest', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'],
  ...['Access-Control-Request-Method', 'Access-Control-Request-Headers', 'Service-Worker', 'DNT', '__proto__', 'constructor', 'x-\xff', 'x y', '', ':', 'X'.repeat(300)],
] // biome-ignore format: lists

/** Headers that say where a message ends, or what becomes of its connection: what comes after them may be anything. */
const FRAMING = [
  ...['Content-Length: 0', 'Content-Length: 5', 'Content-Length: 999999', 'Content-Length: -1', 'Content-Length: 1e3', 'Content-Length: 0x10', 'Content-Length: 5, 5', 'Content-Length: 99999999999999999999'],
  ...['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked, chunked', 'Transfer-Encoding: gzip', 'Transfer-Encoding: identity', 'Transfer-Encoding: xchunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding:\tchunked'],
  ...['Connection: keep-alive', 'Connection: close', 'Connection: Upgrade', 'Connection: host', 'Connection: \xff', 'Upgrade: websocket', 'Upgrade: h2c', 'Upgrade: \xff', 'HTTP2-Settings: AAMAAABk', 'Expect: 100-continue', 'Expect: x'],
  ...['Keep-Alive: timeout=-1', 'Trailer: Host', 'Host: localhost', 'Host: evil.example', ' folded: x', '\tx', 'no colon', 'a:b:c', 'a\rb: c', 'a: b\rc', 'a: b\nc: d', '\x00: x', 'x: \x00', 'Proxy-Connection: close', 'TE: trailers'],
] // biome-ignore format: lists

const CHUNKED = [
  ...['0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '5\r\nhel', '5;a=b\r\nhello\r\n0\r\n\r\n', '5\nhello\n0\n\n', 'g\r\n\r\n', '-1\r\n\r\n', 'ffffffffffffffff1\r\n', 'fffffffffffffff\r\nx', '1\r\nab\r\n0\r\n\r\n'],
  ...['0\r\nHost: evil.example\r\n\r\n', '0\r\n\r\nGET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', `1;${'a'.repeat(20_000)}\r\nx\r\n0\r\n\r\n`, '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n', '\r\n', ''],
] // biome-ignore format: lists

const from = (values: readonly string[]) => fc.constantFrom(...values)
const rarely = <T>(usual: fc.Arbitrary<T>, seldom: fc.Arbitrary<T>, usually = 4) =>
  fc.oneof({ weight: usually, arbitrary: usual }, { weight: 1, arbitrary: seldom })
const latin1 = (text: string) => Buffer.from(text).toString('latin1')

/**
 * Requests like those that a server answers, as bytes: with other methods, targets, hosts, headers, bodies and ends.
 * @param host what it answers to.
 */
export function requests(routes: readonly Route[], host: string): fc.Arbitrary<Sent> {
  const route = fc.constantFrom(...routes)
  const one = route.chain((route) =>
    fc.record({
      method: rarely(fc.constant(route.method), from(METHODS), 6),
      target: targets(route),
      host: rarely(fc.constant(host), from(HOSTS), 6),
      headers: fc.array(header, { maxLength: 2 }).map((more) => [...(route.headers ?? []), ...more]),
      body: bodies(route),
    }),
  )
  const whole = one.map(({ method, target, host, headers, body }): Sent => {
    const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...headers]
    if (body !== null) lines.push(`Content-Length: ${body.length}`)
    return { text: `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`, ending: 'answer' }
  })
  const misframed = fc
    .tuple(one, fc.array(from(FRAMING), { minLength: 1, maxLength: 2 }), from(CHUNKED), from(['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/1.1 x', '']))
    .map(([{ method, target, host, headers }, framing, rest, version]): Sent => {
      const lines = [`${method} ${target} ${version}`, `Host: ${host}`, ...headers, ...framing]
      return { text: `${lines.join('\r\n')}\r\n\r\n${rest}`, ending: 'end' }
    }) // biome-ignore format: one tuple
  const upgrade = fc
    .tuple(
      one,
      rarely(fc.constant(UPGRADE), fc.subarray(UPGRADE, { minLength: 1 }), 2),
      fc.array(header, { maxLength: 2 }),
    )
    .map(([{ target, host, headers }, handshake, more]): Sent => {
      const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...headers, ...handshake, ...more, 'Connection: close']
      return { text: `${lines.join('\r\n')}\r\n\r\n`, ending: 'answer' }
    })
  const cut = fc
    .tuple(whole, fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom('end' as const, 'reset' as const))
    .map(([{ text }, part, ending]): Sent => ({ text: text.slice(0, Math.floor(text.length * part)), ending }))
  const noise = fc
    .string({ unit: 'binary', maxLength: 200 })
    .map((text): Sent => ({ text: latin1(text), ending: 'end' }))
  return fc.oneof(
    { weight: 10, arbitrary: whole },
    { weight: 3, arbitrary: misframed },
    { weight: 2, arbitrary: upgrade },
    { weight: 2, arbitrary: cut },
    { weight: 1, arbitrary: noise },
  )
}

/** A whole request of a line and headers, for those that once broke something. */
export function requestOf(line: string, ...headers: readonly string[]): Sent {
  return { text: `${[`${line} HTTP/1.1`, 'Host: localhost', ...headers].join('\r\n')}\r\n\r\n`, ending: 'answer' }
}

/** What once ended a server, or left a connection open for good: as a request, and as one to upgrade. */
export const ONCE_BROKE: readonly Sent[] = HOSTILE_TARGETS.flatMap(([target, host]) =>
  [['Connection: close'], [...UPGRADE, 'Connection: close']].map((more): Sent => {
    const lines = [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...more]
    return { text: `${lines.join('\r\n')}\r\n\r\n`, ending: 'answer' }
  }),
)

/** `localhost`, or a number in one of the ways that URLs write them: what no name that somebody owns can be. */
const OWN_NAME = /^(localhost|[^/]+\.localhost|(0x[\da-f]*|\d+)(\.(0x[\da-f]*|\d+))*\.?|\[[\da-f:.]+\])(:\d{1,5})?$/i

/** Whether a request is to a server by a name of this machine: by its text alone, without what the servers think of it. */
export function isByOwnName({ text }: Sent): boolean {
  return OWN_NAME.test(/^Host: *([^\r]*)/im.exec(text)?.[1]?.trim() ?? '')
}

/** Whether an origin is one of this machine's pages. */
export function isOwnOrigin(origin: string): boolean {
  return OWN_NAME.test(/^(?:https?|tauri):\/\/(.*)$/.exec(origin)?.[1] ?? '')
}

/** A request as it is sent, as a text on one line. */
export function showSent({ text, ending }: Sent): string {
  return `${JSON.stringify(text)}, then ${ending}`
}

const header: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(from(HEADERS), from(VALUES)).map(([name, value]) => `${name}: ${value}`) },
  { weight: 1, arbitrary: from(ORIGINS).map((origin) => `Origin: ${origin}`) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme-ascii', maxLength: 30 }).map((text) => `X-Any: ${text}`) },
)

function targets({ path, query = {} }: Route): fc.Arbitrary<string> {
  const usual = path + queryText(query)
  const segments = path.split('/')
  const edit = fc.tuple(fc.nat(segments.length), from(SEGMENTS), fc.boolean())
  const elsewhere = fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) => {
    const edited = edits.reduce((all, [at, part, instead]) => all.toSpliced(at, instead ? 1 : 0, part), segments)
    return edited.join('/') + queryText(query)
  })
  const names = [...Object.keys(query), 'x']
  const asked = fc.tuple(from(names), fc.oneof(hostileJson, from(SEGMENTS)), fc.boolean()).map(([name, value, encoded]) => {
    const text = encoded ? encodeURIComponent(value.toWellFormed()) : latin1(value).replaceAll(/[\s\0]/g, '')
    return `${path}${queryText(query)}${Object.keys(query).length > 0 ? '&' : '?'}${name}=${text.slice(0, 8_000)}`
  }) // biome-ignore format: one tuple
  // Where a path is put together from parts, two slashes in it may begin a host.
  const withHost = fc
    .tuple(
      fc.nat(segments.length - 2),
      fc.constantFrom('/', '/[', '/evil.example', '/evil.example:99999', '\\evil.example'),
    )
    .map(([at, part]) => segments.toSpliced(at + 1, 0, part).join('/') + queryText(query))
  const absolute = fc
    .constantFrom('http://localhost', 'http://evil.example', '//localhost', '//', 'http://[', '\\', '*', '')
    .map((before) => before + usual)
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(usual) },
    { weight: 4, arbitrary: elsewhere },
    { weight: 3, arbitrary: asked },
    { weight: 2, arbitrary: withHost },
    { weight: 1, arbitrary: absolute },
  )
}

function queryText(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString()
  return text === '' ? '' : `?${text}`
}

function bodies({ body }: Route): fc.Arbitrary<string | null> {
  if (body === undefined) return rarely(fc.constant(null), hostileJson.map(latin1), 6)
  if (typeof body === 'string') return rarely(fc.constant(body), hostileJson.map(latin1))
  return mutated(body).map(latin1)
}
