import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, messageOf } from './log.ts'
import { growingPauses } from './pauses.ts'
import type { RunIds, Subscriptions } from './subscriptions.ts'
import type { WorkflowStarter } from './workflowStarter.ts'

export interface DispatcherOptions {
  readonly subscriptions: Pick<Subscriptions, 'onQueued' | 'onToCancel'>
  readonly workflows: Pick<WorkflowStarter, 'start' | 'cancel'>
  readonly log: Log
  readonly signal: AbortSignal
  readonly onStarted: (runId: string) => void
  /** Milliseconds before the second try; doubled for every further one, up to ten seconds. */
  readonly firstPauseMs?: number
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000

/**
 * Starts a workflow for every run that waits, and cancels those that are to be cancelled, as Convex reports them. What
 * Temporal cannot take now is tried again until it does, or until Convex no longer lists the run.
 */
export function dispatch(options: DispatcherOptions): void {
  const { subscriptions, workflows, log, onStarted } = options
  const starting = new Pending(options, async (runId) => {
    if (!(await workflows.start(runId))) return
    onStarted(runId)
    log.info('run started', { runId })
  })
  const cancelling = new Pending(options, async (runId) => {
    await workflows.cancel(runId)
    log.info('run is being cancelled', { runId })
  })
  subscriptions.onQueued((runIds) => starting.replace(runIds))
  subscriptions.onToCancel((runIds) => cancelling.replace(runIds))
}

/** Does something once for every run in a list that changes; on failure again and again, while the run is listed. */
class Pending {
  readonly #options: DispatcherOptions
  readonly #act: (runId: string) => Promise<void>
  #listed: ReadonlySet<string> = new Set()
  readonly #seen = new Set<string>()

  constructor(options: DispatcherOptions, act: (runId: string) => Promise<void>) {
    this.#options = options
    this.#act = act
  }

  replace(runIds: RunIds): void {
    this.#listed = new Set(runIds)
    for (const runId of this.#seen) if (!this.#listed.has(runId)) this.#seen.delete(runId)
    for (const runId of runIds) {
      if (this.#seen.has(runId) || this.#options.signal.aborted) continue
      this.#seen.add(runId)
      void this.#persist(runId)
    }
  }

  async #persist(runId: string): Promise<void> {
    const { log, signal, firstPauseMs = FIRST_PAUSE_MS } = this.#options
    for (const pauseMs of growingPauses({ firstMs: firstPauseMs, longestMs: LONGEST_PAUSE_MS })) {
      if (!this.#listed.has(runId) || signal.aborted) return
      try {
        return await this.#act(runId)
      } catch (error) {
        log.warn('Temporal did not take it; trying again', { runId, error: messageOf(error) })
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
    }
  }
}
