import type { NewStep } from '@nebula/shared'
import { activityInfo, heartbeat, sleep } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import type { ActivityContext } from './activities.ts'
import { reportKey } from './reportKey.ts'

export interface StepInput extends NewStep {
  readonly runId: string
  readonly position: number
}

/** Shorter than the workflow's heartbeat timeout. Cancellation arrives with a heartbeat, so this is also how fast. */
const HEARTBEAT_MS = 1_000

/**
 * Does a step: here it waits, and fails as often as it was told to. Put your own work in `work`.
 * @throws ApplicationFailure when the attempt fails, CancelledFailure when the run is cancelled.
 */
export function runStep({ reports, metrics, identity }: ActivityContext) {
  return async (step: StepInput): Promise<void> => {
    const { attempt } = activityInfo()
    const { runId, position } = step
    await reports.stepStarted(runId, reportKey(attempt, 'started'), { position, attempt, workerIdentity: identity })
    await work(step.durationMs)
    if (attempt <= step.failures) {
      const error = `"${step.label}" failed on purpose, attempt ${attempt} of ${step.failures} that do`
      await reports.stepFailed(runId, reportKey(attempt, 'failed'), { position, attempt, error })
      metrics.stepAttempts.inc({ result: 'failed' })
      throw ApplicationFailure.retryable(error, 'StepFailed')
    }
    await reports.stepCompleted(runId, reportKey('completed'), { position, attempt })
    metrics.stepAttempts.inc({ result: 'completed' })
  }
}

async function work(durationMs: number): Promise<void> {
  const end = Date.now() + durationMs
  for (let left = durationMs; left > 0; left = end - Date.now()) {
    heartbeat()
    await sleep(Math.min(left, HEARTBEAT_MS))
  }
}
