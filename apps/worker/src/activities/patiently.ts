import { CancelledFailure, log, sleep } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { messageOf } from '../log.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5_000

/**
 * Sends a report from an activity until it gets through: Convex being away is no failure of the step.
 * @throws ApplicationFailure when Convex refuses the report for good, CancelledFailure when the activity is cancelled.
 */
export async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await send()
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error
      log.warn('Convex did not take a report; trying again', { error: messageOf(error) })
    }
    await sleep(pauseMs)
  }
}
