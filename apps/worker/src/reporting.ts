import { activityInfo, CancelledFailure, heartbeat, log, sleep } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { messageOf } from './log.ts'
import { growingPauses } from './pauses.ts'

const PAUSES = { firstMs: 500, longestMs: 5_000 }
/** Much shorter than the workflow's heartbeat timeout; cancellation arrives with a heartbeat. */
const HEARTBEAT_MS = 1_000

/**
 * Sends a report from an activity until it gets through: Convex being away is no failure of the step.
 * @throws ApplicationFailure when Convex refuses the report for good, CancelledFailure when the activity is cancelled.
 */
export async function patiently<T>(send: () => Promise<T>): Promise<T> {
  for (const pauseMs of growingPauses(PAUSES)) {
    try {
      return await send()
    } catch (error) {
      if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error
      log.warn('Convex did not take a report; trying again', { error: messageOf(error) })
    }
    await sleep(pauseMs)
  }
  throw new TypeError('pauses never end')
}

/**
 * The idempotency key of a report from the running activity: the same when Temporal runs the activity again because
 * its answer got lost, another one for every attempt that reports something of its own.
 */
export function reportKey(...parts: readonly (string | number)[]): string {
  const { workflowExecution, activityId } = activityInfo()
  if (!workflowExecution) throw new TypeError('the activity does not belong to a workflow')
  return [workflowExecution.workflowId, workflowExecution.runId, activityId, ...parts].join('/')
}

/** Does some work of an activity, and tells Temporal all the while that it is alive. */
export async function whileHeartbeating<T>(work: () => Promise<T>): Promise<T> {
  heartbeat()
  const timer = setInterval(heartbeat, HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
