import type { IncomingMessage } from 'node:http'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Admission } from '../src/http/admission.ts'
import { HttpError } from '../src/http/httpError.ts'
import { allowedOrigins } from '../src/program/environment.ts'

/** 200, or the status of the refusal. It looks at three fields of a request, so no more is made of one. */
function statusOf(
  known: readonly string[],
  headers: IncomingMessage['headers'],
  options: ConstructorParameters<typeof Admission>[1] = {},
): number {
  try {
    new Admission(() => known, options).admit({ method: 'GET', url: '/', headers } as IncomingMessage)
    return 200
  } catch (error) {
    if (error instanceof HttpError) return error.status
    throw error
  }
}

function stubEnvironment(variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  onTestFinished(() => void vi.unstubAllEnvs())
}

test.each([
  ['the origin itself', 'https://app.example', 'https://app.example', 200],
  ['another scheme', 'https://app.example', 'http://app.example', 403],
  ['another port', 'https://app.example', 'https://app.example:8443', 403],
  ['a name within it', 'https://app.example', 'https://x.app.example', 403],
  ['every one, when all are let in', '*', 'https://evil.example', 200],
  ['another port of its codespace', 'https://a-b-3210.dev.example', 'https://a-b-5173.dev.example', 200],
  ['a codespace with a longer name', 'https://a-b-3210.dev.example', 'https://x-a-b-5173.dev.example', 403],
  ['a codespace without a port', 'https://a-b-3210.dev.example', 'https://a-b.dev.example', 403],
])('of what is listed: %s', (_name, listed, origin, status) => {
  expect(statusOf([listed], { host: 'localhost:3210', origin })).toBe(status)
})

test('what is listed may be a name, too, as a tunnel has', () => {
  expect(statusOf(['https://tunnel.example'], { host: 'tunnel.example' })).toBe(200)
  expect(statusOf(['https://tunnel.example'], { host: 'x.tunnel.example' })).toBe(403)
})

test('a page of the name that it calls is let in, and a name that can lead here from elsewhere is not', () => {
  expect(statusOf([], { host: '192.168.1.7:3210', origin: 'http://192.168.1.7:1420' })).toBe(200)
  expect(statusOf([], { host: '192.168.1.7:3210', origin: 'http://192.168.1.8:1420' })).toBe(403)
  expect(statusOf([], { host: 'evil.example', origin: 'http://evil.example' })).toBe(403)
  expect(statusOf([], { host: 'localhost:3210', origin: 'http://127.5.0.9:1420' })).toBe(200)
  expect(statusOf([], { host: 'localhost:3210', origin: 'http://127.evil.example' })).toBe(403)
  expect(statusOf([], { host: '127.evil.example', origin: 'http://127.evil.example' })).toBe(403)
})

test.each([
  ['http://localhost:1420', 200],
  ['http://127.0.0.1:6791', 200],
  ['http://[::1]:1420', 200],
  // The server's own, as of an HTTP action.
  ['http://127.0.0.1:3210', 200],
  ['tauri://localhost', 200],
  ['http://tauri.localhost', 200],
  ['http://localhost:3000', 403],
  ['http://127.0.0.1', 403],
  ['http://localhost:14200', 403],
  ['http://x.localhost:3000', 403],
  ['null', 403],
])('where the pages of this machine are named by their ports, the origin %s gets %i', (origin, status) => {
  expect(statusOf([], { host: '127.0.0.1:3210', origin }, { localPages: [1420, 6791] })).toBe(status)
})

test('where pages can do nothing, their origin does not matter, but the name does', () => {
  expect(statusOf([], { host: 'localhost', origin: 'https://evil.example' }, { anyPage: true })).toBe(200)
  expect(statusOf([], { host: 'evil.example' }, { anyPage: true })).toBe(403)
})

test('CONVEX_ALLOWED_ORIGINS is a list, and a codespace adds what GitHub forwards', () => {
  stubEnvironment({ CONVEX_ALLOWED_ORIGINS: ' https://a.example/, http://b.example:8080 ,', CODESPACE_NAME: '' })
  expect(allowedOrigins()).toEqual(['https://a.example', 'http://b.example:8080'])
  stubEnvironment({
    CONVEX_ALLOWED_ORIGINS: '',
    CODESPACE_NAME: 'fuzzy-wand',
    GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: 'dev.example',
  })
  expect(statusOf(allowedOrigins(), { host: 'localhost', origin: 'https://fuzzy-wand-1420.dev.example' })).toBe(200)
})
