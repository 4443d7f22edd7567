import { AsyncLocalStorage } from 'node:async_hooks'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { afterEach, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.doUnmock('convex-test')
  vi.resetModules()
})

it('takes hold of convex-test 0.0.60, which is the one installed', async () => {
  const { openConvexTest } = await import('../src/engine/internals.ts')
  expect(openConvexTest().internals.transactionManager._lastCommitTs).toBe(0n)
  const file = createRequire(import.meta.url)
    .resolve('convex-test')
    .replace(/dist\/.*/, 'package.json')
  expect(JSON.parse(await readFile(file, 'utf8')).version).toBe('0.0.60')
})

it('refuses another one, and says what is different', async () => {
  const storage = new AsyncLocalStorage()
  const store = { components: { '': { db: { _documents: {} } } }, transactionManager: { commit: () => null } }
  vi.doMock('convex-test', () => ({
    convexTest: () => ({ query: async () => storage.run(store, () => null) }),
  }))
  const { openConvexTest } = await import('../src/engine/internals.ts')
  expect(() => openConvexTest()).toThrow(/other internals than version 0\.0\.60: .*db\._writes \(object\)/)
})
