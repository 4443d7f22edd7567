import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, messageOf } from './log.ts'
import type { RunIds, Subscriptions } from './service.ts'
import type { WorkflowStarter } from './workflowStarter.ts'

export interface DispatcherOptions {
  readonly subscriptions: Subscriptions
  readonly workflows: WorkflowStarter
  readonly log: Log
  readonly signal: AbortSignal
  readonly onStarted: (runId: string) => void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * Starts a workflow for every run that waits, and cancels those that are to be cancelled, as Convex reports them. What
 * Temporal cannot take now is tried again until it does, or until Convex no longer lists the run.
 */
export function dispatch({ subscriptions, workflows, log, signal, onStarted }: DispatcherOptions): void {
  const starting = new Pending(log, signal, async (runId) => {
    if (!(await workflows.start(runId))) return
    onStarted(runId)
    log.info('run started', { runId })
  })
  const cancelling = new Pending(log, signal, async (runId) => {
    await workflows.cancel(runId)
    log.info('run is being cancelled', { runId })
  })
  subscriptions.onQueued((runIds) => starting.replace(runIds))
  subscriptions.onToCancel((runIds) => cancelling.replace(runIds))
}

/** Does something once for every run in a list that changes; on failure again and again, while the run is listed. */
class Pending {
  readonly #log: Log
  readonly #signal: AbortSignal
  readonly #act: (runId: string) => Promise<void>
  #listed: ReadonlySet<string> = new Set()
  readonly #seen = new Set<string>()

  constructor(log: Log, signal: AbortSignal, act: (runId: string) => Promise<void>) {
    this.#log = log
    this.#signal = signal
    this.#act = act
  }

  replace(runIds: RunIds): void {
    this.#listed = new Set(runIds)
    for (const runId of this.#seen) if (!this.#listed.has(runId)) this.#seen.delete(runId)
    for (const runId of runIds) {
      if (this.#seen.has(runId) || this.#signal.aborted) continue
      this.#seen.add(runId)
      void this.#persist(runId)
    }
  }

  async #persist(runId: string): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; this.#listed.has(runId) && !this.#signal.aborted; pauseMs *= 2) {
      try {
        return await this.#act(runId)
      } catch (error) {
        this.#log.warn('Temporal did not take it; trying again', { runId, error: messageOf(error) })
      }
      await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS), undefined, { signal: this.#signal }).catch(() => {})
    }
  }
}
