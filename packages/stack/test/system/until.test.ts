import { expect, test } from 'vitest'
import { attempt } from '../../src/system/attempt.ts'
import { until } from '../../src/system/until.ts'

test('asks until the answer is yes', async () => {
  const answers = [false, false, true, false]
  expect(await until(async () => answers.shift() ?? false, { deadlineMs: 60_000, intervalMs: 1 })).toBe(true)
  expect(answers).toEqual([false])
})

test('asks at least once, and no more after the deadline', async () => {
  let asked = 0
  const never = async () => {
    asked += 1
    return false
  }
  expect(await until(never, { deadlineMs: 0 })).toBe(false)
  expect(asked).toBe(1)
  expect(await until(never, { deadlineMs: 50, intervalMs: 10 })).toBe(false)
  expect(asked).toBeLessThan(10)
})

test('waits 200 ms between two tries where nothing else is said', async () => {
  const start = performance.now()
  const answers = [false, true]
  await until(async () => answers.shift() ?? false, { deadlineMs: 60_000 })
  expect(performance.now() - start).toBeGreaterThan(190)
})

test('ends at once when it is aborted, and with what it asked throws', async () => {
  const options = { deadlineMs: 60_000, intervalMs: 60_000 }
  let asked = 0
  const abort = new AbortController()
  const waiting = until(
    async () => {
      asked += 1
      setTimeout(() => abort.abort(new Error('enough')), 1)
      return false
    },
    { ...options, signal: abort.signal },
  )
  await expect(waiting).rejects.toThrow()
  expect(asked).toBe(1)
  const aborted = until(async () => true, { ...options, signal: AbortSignal.abort(new Error('before')) })
  await expect(aborted).rejects.toThrow('before')
  await expect(until(() => Promise.reject(new Error('broken')), options)).rejects.toThrow('broken')
})

test('an attempt has a value, or the error that it ended with', async () => {
  expect(await attempt(Promise.resolve(1))).toBe(1)
  const error = new TypeError('no')
  expect(await attempt(Promise.reject(error))).toBe(error)
  expect(await attempt(Promise.reject('text'))).toEqual(new Error('text'))
})
