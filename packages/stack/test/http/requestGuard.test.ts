import { describe, expect, test } from 'vitest'
import { hostIsKnown, hostIsWellFormed, originIsKnown, pathOf, refusalOf } from '../../src/http/requestGuard.ts'

const CALLERS = { port: 6791, forwardedOrigin: 'https://fluffy-waffle-6791.app.github.dev' }

test.each([
  ['/', '/'],
  ['/data?table=runs', '/data'],
  ['/?q=//evil.example', '/'],
  ['/@fs//work/file', '/@fs//work/file'],
  ['/%2e%2e/%E0%A4%A', '/%2e%2e/%E0%A4%A'],
])('the target %s is the path %s', (target, path) => {
  expect(pathOf(target)).toBe(path)
})

test.each([
  undefined, '', '*', '//', '///', '//localhost/', '//evil.example/x', '/\\evil.example', '\\', 'x', 'http://[',
  'http://localhost:6791/', 'localhost:6791', '/a#b', '/a b', '/ä', '/\u0000', '/\r\nx', 'file:///etc/passwd',
])('the target %j is no path', (target) => {
  expect(pathOf(target)).toBeNull()
}) // biome-ignore format: a table

test.each([
  'localhost', 'localhost:6791', 'LOCALHOST:6791', '127.0.0.1:6791', '[::1]:6791', 'localhost:16800',
  'fluffy-waffle-6791.app.github.dev', 'fluffy-waffle-6791.app.github.dev:443', 'Fluffy-Waffle-6791.app.github.dev',
])('the host %s is ours', (host) => {
  expect(hostIsKnown(host, CALLERS)).toBe(true)
}) // biome-ignore format: a table

test.each([
  'evil.example', 'localhost.evil.example', 'evil.example:6791', 'localhost.', '127.0.0.1.nip.io', '127.0.0.2',
  '2130706433', '0x7f.1', '0.0.0.0:6791', '[::]:6791', '[::ffff:127.0.0.1]', 'fluffy-waffle-3210.app.github.dev',
  'x.fluffy-waffle-6791.app.github.dev', 'fluffy-waffle-6791.app.github.dev:80',
])('the host %s is somebody else', (host) => {
  expect(hostIsKnown(host, CALLERS)).toBe(false)
  expect(refusalOf({ url: '/', headers: { host } }, CALLERS)?.status).toBe(403)
}) // biome-ignore format: a table

test.each([
  undefined, '', '[', ']', '[]', 'a b', 'x:99999', 'localhost:0', 'localhost:65536', 'localhost:', ':6791', 'localhost:x',
  'localhost:6791:1', 'user@localhost', 'localhost/evil', 'localhost#', 'localhost,evil.example', 'localhöst', '::1',
])('the host %j is none', (host) => {
  expect(hostIsWellFormed(host)).toBe(false)
  expect(hostIsKnown(host, CALLERS)).toBe(false)
  expect(refusalOf({ url: '/', headers: { host } }, CALLERS)?.status).toBe(400)
}) // biome-ignore format: a table

test.each([
  ['http://localhost:6791', 'localhost:6791'],
  ['http://127.0.0.1:6791', 'localhost:6791'],
  ['http://[::1]:6791', '[::1]:6791'],
  // Forwarded by an editor to another port of the machine that the browser is on.
  ['http://localhost:16800', 'localhost:16800'],
  ['https://localhost:6791', 'localhost:6791'],
  ['https://fluffy-waffle-6791.app.github.dev', 'localhost:6791'],
  ['https://fluffy-waffle-6791.app.github.dev', 'fluffy-waffle-6791.app.github.dev'],
])('the origin %s at %s is our own page', (origin, host) => {
  expect(originIsKnown(origin, host, CALLERS)).toBe(true)
  expect(refusalOf({ url: '/', headers: { host, origin } }, CALLERS)).toBeNull()
})

test.each([
  ['null', 'localhost:6791'],
  ['', 'localhost:6791'],
  ['https://evil.example', 'localhost:6791'],
  ['http://evil.example:6791', 'localhost:6791'],
  ['http://localhost:3000', 'localhost:6791'],
  ['http://localhost', 'localhost:6791'],
  ['http://localhost:16791', 'localhost:6791'],
  ['http://localhost:6791/', 'localhost:6791'],
  ['http://localhost:6791@evil.example', 'localhost:6791'],
  ['https://fluffy-waffle-3000.app.github.dev', 'localhost:6791'],
  ['http://fluffy-waffle-6791.app.github.dev', 'localhost:6791'],
  ['file://', 'localhost:6791'],
])('the origin %j at %s is another page', (origin, host) => {
  expect(originIsKnown(origin, host, CALLERS)).toBe(false)
  expect(refusalOf({ url: '/', headers: { host, origin } }, CALLERS)?.status).toBe(403)
})

describe('what a browser says of the site that a request is from', () => {
  const host = 'localhost:6791'
  const refusal = (site: string, mode: string, destination?: string) => {
    const headers = { host, 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': destination }
    return refusalOf({ url: '/', headers }, CALLERS)?.status
  }

  test('a link may stand anywhere', () => {
    expect(refusal('cross-site', 'navigate')).toBeUndefined()
    expect(refusal('cross-site', 'navigate', 'document')).toBeUndefined()
  })

  test.each(['iframe', 'frame', 'embed', 'object', 'fencedframe'])('in a foreign page, no %s shows it', (element) => {
    expect(refusal('cross-site', 'navigate', element)).toBe(403)
    expect(refusal('same-site', 'navigate', element)).toBe(403)
    expect(refusal('same-origin', 'navigate', element)).toBeUndefined()
    expect(refusal('none', 'navigate', element)).toBeUndefined()
  })

  test('an image or a script of this server is for its own page only', () => {
    expect(refusal('cross-site', 'no-cors')).toBe(403)
    expect(refusal('same-site', 'no-cors')).toBe(403)
    expect(refusal('same-origin', 'no-cors')).toBeUndefined()
    expect(refusal('none', 'navigate')).toBeUndefined()
  })
})
