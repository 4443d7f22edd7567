import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, messageOf } from './log.ts'
import type { Reports } from './reports.ts'
import type { Subscriptions } from './service.ts'
import type { WorkflowStarter } from './workflowStarter.ts'

export interface ReconcilerOptions {
  readonly subscriptions: Pick<Subscriptions, 'running'>
  readonly workflows: Pick<WorkflowStarter, 'stateOf'>
  readonly reports: Pick<Reports, 'end'>
  readonly log: Log
  readonly signal: AbortSignal
  /** Milliseconds between two looks. */
  readonly intervalMs?: number
}

const INTERVAL_MS = 30_000

/**
 * Ends runs in Convex whose workflow is no longer there: terminated by hand, or gone with Temporal's data. Without this
 * they would look as if they ran for ever. A run counts as lost when two looks in a row find its workflow ended: right
 * after its end a workflow may still be about to report it.
 */
export async function reconcile(options: ReconcilerOptions): Promise<void> {
  const suspects = new Set<string>()
  while (!options.signal.aborted) {
    await look(options, suspects).catch((error: unknown) =>
      options.log.warn('could not compare Convex with Temporal', { error: messageOf(error) }),
    )
    await sleep(options.intervalMs ?? INTERVAL_MS, undefined, { signal: options.signal }).catch(() => {})
  }
}

async function look(
  { subscriptions, workflows, reports, log }: ReconcilerOptions,
  suspects: Set<string>,
): Promise<void> {
  const running = await subscriptions.running()
  for (const runId of suspects) if (!running.includes(runId)) suspects.delete(runId)
  for (const runId of running) {
    const { state, name } = await workflows.stateOf(runId)
    if (state === 'running') suspects.delete(runId)
    else if (!suspects.has(runId)) suspects.add(runId)
    else {
      await reports.end(runId, `reconciler/${runId}`, { status: 'failed', error: `its workflow is ${name}` })
      log.warn('ended a run whose workflow is gone', { runId, workflow: name })
    }
  }
}
