import { MAX_ATTEMPTS, type NewStep } from '@nebula/shared'
import { activityInfo, CancelledFailure, sleep } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { messageOf } from '../log.ts'
import type { ActivityContext } from './activities.ts'
import { patiently } from './patiently.ts'
import { reportKey } from './reportKey.ts'
import { whileHeartbeating } from './whileHeartbeating.ts'

export interface StepInput extends NewStep {
  readonly runId: string
  readonly position: number
}

/**
 * One attempt at a step. Its failure is the step's own when the work fails, and the last one at MAX_ATTEMPTS; what
 * comes from outside (no Convex, a worker that stops) only delays the step.
 * @throws ApplicationFailure when the attempt fails, CancelledFailure when the run is cancelled or the worker stops.
 */
export function runStep(context: ActivityContext) {
  return async (step: StepInput): Promise<void> => await whileHeartbeating(() => attemptStep(context, step))
}

async function attemptStep({ reports, metrics, identity }: ActivityContext, step: StepInput): Promise<void> {
  const { attempt } = activityInfo()
  const { runId, position } = step
  const started = { position, attempt, workerIdentity: identity }
  const verdict = await patiently(() => reports.stepStarted(runId, reportKey(attempt, 'started'), started))
  if (verdict.go === 'done') return
  if (verdict.go === 'stop') throw ApplicationFailure.nonRetryable(verdict.reason, 'StepEnded')
  try {
    await work(step, attempt)
  } catch (error) {
    if (error instanceof CancelledFailure) throw error
    const failed = { position, attempt, error: messageOf(error), last: attempt >= MAX_ATTEMPTS }
    await patiently(() => reports.stepFailed(runId, reportKey(attempt, 'failed'), failed))
    metrics.stepAttempts.inc({ result: 'failed' })
    throw ApplicationFailure.create({ message: failed.error, type: 'StepFailed', nonRetryable: failed.last })
  }
  await patiently(() => reports.stepCompleted(runId, reportKey('completed'), { position, attempt }))
  metrics.stepAttempts.inc({ result: 'completed' })
}

/** The step's work. Here it waits, and fails as often as it was told to: put your own in its place. */
async function work(step: StepInput, attempt: number): Promise<void> {
  await sleep(step.durationMs)
  if (attempt > step.failures) return
  throw new Error(`"${step.label}" failed on purpose, attempt ${attempt} of ${step.failures} that do`)
}
