import { expect, test } from 'vitest'
import { isFinal, RUN_OUTCOMES, RUN_STATUSES } from '../src/index.ts'

test('a run that is queued or running has not ended, every other one has', () => {
  expect(RUN_STATUSES.filter(isFinal)).toEqual([...RUN_OUTCOMES])
  expect(RUN_STATUSES.filter((status) => !isFinal(status))).toEqual(['queued', 'running'])
})
