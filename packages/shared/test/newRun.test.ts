import { expect, test } from 'vitest'
import { MAX_STEP_ATTEMPTS, NewRun, RUN_LIMITS } from '../src/index.ts'

const step = { label: 'Build', durationMs: 100, failures: 0 }

test('a run is taken with its texts trimmed', () => {
  const run = NewRun.parse({ title: '  Release 4  ', steps: [{ ...step, label: ' Build ' }] })
  expect(run).toEqual({ title: 'Release 4', steps: [step] })
})

test('the largest run is taken', () => {
  const largest = {
    title: 'x'.repeat(RUN_LIMITS.titleLength),
    steps: Array.from({ length: RUN_LIMITS.steps }, () => ({
      label: 'x'.repeat(RUN_LIMITS.labelLength),
      durationMs: RUN_LIMITS.stepDurationMs,
      failures: MAX_STEP_ATTEMPTS,
    })),
  }
  expect(NewRun.parse(largest)).toEqual(largest)
})

test.each([
  ['a blank title', { title: '   ', steps: [step] }, 'title'],
  ['a long title', { title: 'x'.repeat(121), steps: [step] }, 'title'],
  ['no step', { title: 'a', steps: [] }, 'steps'],
  ['too many steps', { title: 'a', steps: Array(21).fill(step) }, 'steps'],
  ['a blank label', { title: 'a', steps: [{ ...step, label: ' ' }] }, 'steps.0.label'],
  ['a long label', { title: 'a', steps: [{ ...step, label: 'x'.repeat(81) }] }, 'steps.0.label'],
  ['a negative duration', { title: 'a', steps: [{ ...step, durationMs: -1 }] }, 'steps.0.durationMs'],
  ['a long duration', { title: 'a', steps: [{ ...step, durationMs: 60_001 }] }, 'steps.0.durationMs'],
  ['half a millisecond', { title: 'a', steps: [{ ...step, durationMs: 0.5 }] }, 'steps.0.durationMs'],
  ['too many failures', { title: 'a', steps: [{ ...step, failures: 6 }] }, 'steps.0.failures'],
])('%s is refused, by name', (_, run, path) => {
  const issues = NewRun.safeParse(run).error?.issues.map((issue) => issue.path.join('.'))
  expect(issues).toEqual([path])
})
