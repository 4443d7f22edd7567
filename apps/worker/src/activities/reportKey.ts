import { activityInfo } from '@temporalio/activity'

/**
 * The idempotency key of a report from the running activity: the same when Temporal runs the activity again because
 * its answer got lost, another one for every attempt that reports something of its own.
 */
export function reportKey(...parts: readonly (string | number)[]): string {
  const { workflowExecution, activityId } = activityInfo()
  if (!workflowExecution) throw new TypeError('the activity does not belong to a workflow')
  return [workflowExecution.workflowId, workflowExecution.runId, activityId, ...parts].join('/')
}
