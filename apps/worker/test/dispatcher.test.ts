import { expect, test } from 'vitest'
import { dispatch } from '../src/dispatcher.ts'
import type { RunIds } from '../src/subscriptions.ts'
import { keptLog } from './fakes.ts'

/**
 * A dispatcher between a Convex that says what the test says, and a Temporal that fails to answer about a run as often as
 * `outages` tells.
 */
function dispatcher(outages: Readonly<Record<string, number>> = {}) {
  const asked: string[] = []
  const started: string[] = []
  const stop = new AbortController()
  const { log, lines } = keptLog()
  const ask = async (what: string, runId: string) => {
    asked.push(`${what} ${runId}`)
    if (asked.filter((entry) => entry.endsWith(` ${runId}`)).length <= (outages[runId] ?? 0))
      throw new Error('unavailable')
  }
  let queued: (runIds: RunIds) => void = () => {}
  let toCancel: (runIds: RunIds) => void = () => {}
  dispatch({
    subscriptions: {
      onQueued: (listener) => {
        queued = listener
      },
      onToCancel: (listener) => {
        toCancel = listener
      },
    },
    workflows: {
      start: async (runId) => {
        await ask('start', runId)
        return runId !== 'known'
      },
      cancel: async (runId) => await ask('cancel', runId),
    },
    log,
    signal: stop.signal,
    onStarted: (runId) => started.push(runId),
    firstPauseMs: 1,
  })
  return { asked, started, lines, stop, queued, toCancel }
}

test('a run that waits is started once, however often Convex lists it', async () => {
  const { queued, asked, started } = dispatcher()
  queued(['a'])
  queued(['a', 'b'])
  queued(['b'])
  queued(['b', 'c'])
  await expect.poll(() => started).toEqual(['a', 'b', 'c'])
  expect(asked).toEqual(['start a', 'start b', 'start c'])
})

test('a run that was started before counts as done, not as started', async () => {
  const { queued, started, asked } = dispatcher({ later: 2 })
  queued(['known', 'later'])
  await expect.poll(() => started).toEqual(['later'])
  expect(asked.filter((entry) => entry === 'start known')).toHaveLength(1)
})

test('a run that Temporal cannot take now is tried until it does', async () => {
  const { queued, asked, started, lines } = dispatcher({ a: 3 })
  queued(['a'])
  await expect.poll(() => started).toEqual(['a'])
  expect(asked).toHaveLength(4)
  expect(lines[0]).toContain('unavailable')
})

test('a run that no longer waits is not tried again', async () => {
  const { queued, asked, started } = dispatcher({ a: Number.POSITIVE_INFINITY, b: 4 })
  queued(['a', 'b'])
  queued(['b'])
  await expect.poll(() => started).toEqual(['b'])
  expect(asked.filter((entry) => entry === 'start a')).toHaveLength(1)
})

test('a run that is to be cancelled is cancelled in Temporal, also at the second try', async () => {
  const { toCancel, asked } = dispatcher({ a: 1 })
  toCancel(['a'])
  await expect.poll(() => asked).toEqual(['cancel a', 'cancel a'])
})

test('a worker that stops starts nothing any more', async () => {
  const { queued, asked, stop } = dispatcher()
  stop.abort()
  queued(['a'])
  expect(asked).toEqual([])
})
