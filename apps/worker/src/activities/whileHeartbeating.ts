import { heartbeat } from '@temporalio/activity'

/** Much shorter than the workflow's heartbeat timeout; cancellation arrives with a heartbeat. */
const HEARTBEAT_MS = 1_000

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
