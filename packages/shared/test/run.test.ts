import { expect, test } from 'vitest'
import { isFinal, MAX_ATTEMPTS, NewRun } from '../src/index.ts'

const step = { label: 'Step', durationMs: 10, failures: 0 }

test('a run is trimmed', () => {
  expect(NewRun.parse({ title: '  Nightly ', steps: [{ ...step, label: ' One ' }] })).toEqual({
    title: 'Nightly',
    steps: [{ ...step, label: 'One' }],
  })
})

test.each([
  ['an empty title', { title: '  ', steps: [step] }, 'give the run a title'],
  ['no step', { title: 'x', steps: [] }, 'a run needs a step'],
  ['too many steps', { title: 'x', steps: Array.from({ length: 21 }, () => step) }, 'at most 20 steps'],
  ['more failures than attempts', { title: 'x', steps: [{ ...step, failures: MAX_ATTEMPTS + 1 }] }, 'at most 5'],
  ['half a millisecond', { title: 'x', steps: [{ ...step, durationMs: 0.5 }] }, 'whole milliseconds'],
])('%s is refused with words for the form', (_, run, message) => {
  expect(NewRun.safeParse(run).error?.issues[0]?.message).toBe(message)
})

test('only what has ended is final', () => {
  expect((['queued', 'running', 'completed', 'failed', 'cancelled'] as const).filter(isFinal)).toEqual([
    'completed', 'failed', 'cancelled',
  ]) // biome-ignore format: one line says it
})
