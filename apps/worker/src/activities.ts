import { MAX_ATTEMPTS, type NewStep } from '@nebula/shared'
import { activityInfo, CancelledFailure, sleep } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { messageOf } from './log.ts'
import type { Metrics } from './metrics.ts'
import { patiently, reportKey, whileHeartbeating } from './reporting.ts'
import type { Reports } from './reports.ts'

export interface ActivityContext {
  readonly reports: Reports
  readonly metrics: Metrics
  /** Which worker this is, for people. */
  readonly identity: string
}

type Ending = { readonly status: 'completed' | 'cancelled' } | { readonly status: 'failed'; readonly error: string }

interface StepInput extends NewStep {
  readonly runId: string
  readonly position: number
}

/** Everything that workflows may ask a worker to do. */
export function createActivities(context: ActivityContext) {
  return { beginRun: beginRun(context), runStep: runStep(context), endRun: endRun(context) }
}

export type Activities = ReturnType<typeof createActivities>

/** Takes a run up: returns its steps, or that it has ended before it began. */
function beginRun({ reports, identity }: ActivityContext) {
  return async (runId: string) => {
    const { workflowExecution } = activityInfo()
    return await reports.begin(runId, reportKey(), {
      temporalRunId: workflowExecution?.runId ?? '',
      workerIdentity: identity,
    })
  }
}

/** Tells Convex how a run ended. */
function endRun({ reports }: ActivityContext) {
  return async (runId: string, ending: Ending): Promise<void> => {
    await reports.end(runId, reportKey(), ending)
  }
}

/**
 * One attempt at a step. Its failure is the step's own when the work fails, and the last one at MAX_ATTEMPTS; what
 * comes from outside (no Convex, a worker that stops) only delays the step.
 * @throws ApplicationFailure when the attempt fails, CancelledFailure when the run is cancelled or the worker stops.
 */
function runStep(context: ActivityContext) {
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
