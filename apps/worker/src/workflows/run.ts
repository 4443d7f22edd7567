import type { WorkflowInput } from '@nebula/shared'
import { CancellationScope, isCancellation, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities.ts'

/** Reports to Convex: tried until they get through, since a run without its end would never look finished. */
const { beginRun, endRun } = proxyActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
})

const { runStep } = proxyActivities<Activities>({
  // Much longer than any step: a step waits for Convex when it is away.
  startToCloseTimeout: '15 minutes',
  // A worker that died is noticed after this long, and the step tried again on another.
  heartbeatTimeout: '10 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '5 seconds',
    // The activity itself says which failure is the last one. What interrupts it does not count, up to this many times:
    // a step that takes its worker down with it has to come to an end too.
    maximumAttempts: 50,
  },
})

/**
 * Carries out a run, one step after the other, and tells Convex how it ended. The workflow itself then ends alike, so
 * that Temporal shows the same.
 */
export async function run({ runId }: WorkflowInput): Promise<'completed' | 'ended before it began'> {
  try {
    const { proceed, steps } = await beginRun(runId)
    if (!proceed) return 'ended before it began'
    for (const [position, step] of steps.entries()) await runStep({ runId, position, ...step })
  } catch (error) {
    const ending = isCancellation(error)
      ? ({ status: 'cancelled' } as const)
      : ({ status: 'failed', error: rootMessage(error) } as const)
    // The workflow may be cancelled by now; this has to happen all the same.
    await CancellationScope.nonCancellable(() => endRun(runId, ending))
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
