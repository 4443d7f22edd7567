import { activityInfo } from '@temporalio/activity'
import type { ActivityContext } from './activities.ts'
import { reportKey } from './reportKey.ts'

/** Takes a run up: returns its steps, or that it has ended before it began. */
export function beginRun({ reports, identity }: ActivityContext) {
  return async (runId: string) => {
    const { workflowExecution } = activityInfo()
    return await reports.begin(runId, reportKey(), {
      temporalRunId: workflowExecution?.runId ?? '',
      workerIdentity: identity,
    })
  }
}
