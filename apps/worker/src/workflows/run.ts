import { MAX_ATTEMPTS, type WorkflowInput } from '@nebula/shared'
import { CancellationScope, isCancellation, log, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/activities.ts'

/** Reports to Convex: tried until they get through, since a run without its end would never look finished. */
const { beginRun, endRun } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
})

const { runStep } = proxyActivities<Activities>({
  startToCloseTimeout: '2 minutes',
  // A worker that died is noticed after this long, and the step tried again on another.
  heartbeatTimeout: '5 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '5 seconds',
    maximumAttempts: MAX_ATTEMPTS,
  },
})

/**
 * Carries out a run, one step after the other, and tells Convex how it ended. The workflow itself then ends alike, so
 * that Temporal shows the same.
 */
export async function run({ runId }: WorkflowInput): Promise<'completed' | 'cancelled before it began'> {
  const { proceed, steps } = await beginRun(runId)
  if (!proceed) return 'cancelled before it began'
  try {
    for (const [position, step] of steps.entries()) await runStep({ runId, position, ...step })
  } catch (error) {
    const cancelled = isCancellation(error)
    // The workflow may be cancelled by now; this has to happen all the same.
    await CancellationScope.nonCancellable(() =>
      endRun(runId, cancelled ? { status: 'cancelled' } : { status: 'failed', error: rootMessage(error) }),
    )
    log.info('run ended', { runId, status: cancelled ? 'cancelled' : 'failed' })
    throw error
  }
  await CancellationScope.nonCancellable(() => endRun(runId, { status: 'completed' }))
  return 'completed'
}

/** What went wrong in the step itself, without Temporal's wrapping. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message
}
