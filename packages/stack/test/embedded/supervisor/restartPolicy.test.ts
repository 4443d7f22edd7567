import { expect, test } from 'vitest'
import { afterCrashDecision, type Decision, type Life } from '../../../src/embedded/supervisor/restartPolicy.ts'

const HEALTHY: Life = { lastedMs: 9_999, wasHealthy: true }
const OLD: Life = { lastedMs: 10_000, wasHealthy: true }
const VAIN: Life = { lastedMs: 100, wasHealthy: false }
const SLOW: Life = { lastedMs: 60_000, wasHealthy: false }
const UNCHECKED: Life = { lastedMs: 100, wasHealthy: null }
const after = (pauseMs: number): Decision => ({ kind: 'restart', pauseMs })

test.each<{ what: string; lives: [...Life[], Life]; decision: Decision }>([
  { what: 'the first crash', lives: [HEALTHY], decision: after(500) },
  { what: 'the first crash of one that lived long', lives: [OLD], decision: after(500) },
  { what: 'a second short life', lives: [HEALTHY, HEALTHY], decision: after(1_000) },
  { what: 'a fourth short life', lives: Array<Life>(4).fill(HEALTHY) as [Life], decision: after(4_000) },
  {
    what: 'more short lives than pauses grow for',
    lives: Array<Life>(9).fill(HEALTHY) as [Life],
    decision: after(30_000),
  },
  { what: 'a short life after a long one', lives: [HEALTHY, HEALTHY, OLD, HEALTHY], decision: after(500) },
  { what: 'a long life after short ones', lives: [HEALTHY, HEALTHY, HEALTHY, OLD], decision: after(500) },
  { what: 'a second start in vain', lives: [VAIN, VAIN], decision: after(1_000) },
  { what: 'a third start in vain', lives: [VAIN, VAIN, VAIN], decision: { kind: 'give up', starts: 3 } },
  { what: 'a fourth start in vain', lives: [VAIN, VAIN, VAIN, SLOW], decision: { kind: 'give up', starts: 4 } },
  { what: 'starts in vain that took their time', lives: [SLOW, SLOW, SLOW], decision: { kind: 'give up', starts: 3 } },
  { what: 'starts in vain around one that was not', lives: [VAIN, VAIN, HEALTHY, VAIN], decision: after(4_000) },
  { what: 'one without a check', lives: [UNCHECKED, UNCHECKED, UNCHECKED, UNCHECKED], decision: after(4_000) },
])('after $what', ({ lives, decision }) => {
  expect(afterCrashDecision(lives.slice(0, -1), lives.at(-1) ?? HEALTHY)).toEqual(decision)
})
