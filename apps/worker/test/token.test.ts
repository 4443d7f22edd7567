import { SERVICE_AUDIENCE, SERVICE_ISSUER } from '@nebula/shared'
import { decodeJwt, importJWK, jwtVerify } from 'jose'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readConfig } from '../src/config.ts'
import { tokenSource } from '../src/token.ts'
import { environment } from './environment.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

async function source() {
  const { serviceKey } = readConfig(await environment())
  return { token: tokenSource(serviceKey, 'worker-1'), serviceKey }
}

test('Convex can verify a token, and sees whose it is', async () => {
  const { token, serviceKey } = await source()
  const { d: _, ...publicKey } = serviceKey
  const { payload, protectedHeader } = await jwtVerify(await token(), await importJWK(publicKey, 'ES256'), {
    issuer: SERVICE_ISSUER,
    audience: SERVICE_AUDIENCE,
    currentDate: new Date(),
  })
  expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'key-1' })
  expect(payload.sub).toBe('worker-1')
  expect((payload.exp ?? Number.NaN) - (payload.iat ?? Number.NaN)).toBeLessThanOrEqual(300)
})

test('a token is used again until it has a minute left', async () => {
  const { token } = await source()
  const first = await token()
  vi.setSystemTime(Date.now() + 230_000)
  expect(await token()).toBe(first)
  vi.setSystemTime(Date.now() + 15_000)
  const second = await token()
  expect(decodeJwt(second).exp).toBeGreaterThan(decodeJwt(first).exp ?? Number.NaN)
})

test('a fresh one is made when it is asked for', async () => {
  const { token } = await source()
  const first = await token()
  expect(await token({ fresh: true })).not.toBe(first)
})
