import { expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import { environment } from './environment.ts'

test('what is not given has a default', async () => {
  const { serviceKey, ...config } = readConfig(await environment())
  expect(serviceKey.kid).toBe('key-1')
  expect(config).toEqual({
    temporalAddress: 'temporal:7233',
    namespace: 'default',
    taskQueue: 'nebula',
    convexUrl: 'http://convex-backend:3210',
    healthHost: '127.0.0.1',
    healthPort: 8080,
    workflowBundle: undefined,
    drainGraceMs: 10_000,
    logLevel: 'info',
  })
})

test('what is given counts', async () => {
  const config = readConfig({ ...(await environment()), HEALTH_PORT: '0', HEALTH_HOST: '0.0.0.0', LOG_LEVEL: 'debug' })
  expect(config).toMatchObject({ healthPort: 0, healthHost: '0.0.0.0', logLevel: 'debug' })
})

test('every variable that is missing or wrong is named', () => {
  const wrong = { TEMPORAL_ADDRESS: 'temporal', HEALTH_PORT: '99999', LOG_LEVEL: 'loud', NEBULA_SERVICE_KEY: '{' }
  const names = ['TEMPORAL_ADDRESS', 'CONVEX_URL', 'NEBULA_SERVICE_KEY', 'HEALTH_PORT', 'LOG_LEVEL']
  for (const name of names) expect(() => readConfig(wrong)).toThrow(name)
})

test('a wrong key is named, not shown', async () => {
  const key = JSON.stringify({ ...JSON.parse((await environment()).NEBULA_SERVICE_KEY ?? ''), kty: 'RSA' })
  const read = async () => readConfig({ ...(await environment()), NEBULA_SERVICE_KEY: key })
  const error: unknown = await read().catch((reason: unknown) => reason)
  expect(String(error)).toContain('NEBULA_SERVICE_KEY')
  expect(String(error)).not.toContain(JSON.parse(key).d)
})
