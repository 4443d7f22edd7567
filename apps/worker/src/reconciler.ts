import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, messageOf } from './log.ts'
import type { Reports } from './reports.ts'
import type { WorkflowStarter, WorkflowState } from './workflowStarter.ts'

export interface ReconcilerOptions {
  readonly workflows: Pick<WorkflowStarter, 'stateOf'>
  readonly reports: Pick<Reports, 'open' | 'end'>
  readonly log: Log
  readonly signal: AbortSignal
  /** Milliseconds between two looks. */
  readonly intervalMs?: number
}

const INTERVAL_MS = 30_000

/**
 * Ends runs in Convex whose workflow is no longer there: terminated by hand, or gone with Temporal's data. Without this
 * they would look as if they ran for ever. Looks now and then again at every interval, until the signal aborts.
 */
export async function reconcile(options: ReconcilerOptions): Promise<void> {
  const { signal, log, intervalMs = INTERVAL_MS } = options
  while (!signal.aborted) {
    await look(options).catch((error: unknown) => {
      if (!signal.aborted) log.warn('could not compare Convex with Temporal', { error: messageOf(error) })
    })
    await sleep(intervalMs, undefined, { signal }).catch(() => {})
  }
}

async function look({ workflows, reports, log, signal }: ReconcilerOptions): Promise<void> {
  const { queued, running } = await reports.open()
  for (const runId of [...queued, ...running]) {
    if (signal.aborted) return
    const { state, name } = await workflows.stateOf(runId)
    if (!isLost(state, queued.includes(runId))) continue
    // A workflow closes after it has told Convex how the run ended, and what has ended stays as it is: nothing can be
    // ended here that was only slow to report.
    const ended = await reports.end(runId, `reconciler/${runId}`, {
      status: 'failed',
      error: `its workflow is ${name}`,
    })
    if (ended) log.warn('ended a run whose workflow is gone', { runId, workflow: name })
  }
}

/** The workflow of a queued run may not have been started yet. */
function isLost(state: WorkflowState, queued: boolean): boolean {
  return state === 'ended' || (state === 'unknown' && !queued)
}
