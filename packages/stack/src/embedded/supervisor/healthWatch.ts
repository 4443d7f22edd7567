import { setTimeout as sleep } from 'node:timers/promises'
import type { Ready, Service } from '../../catalogue/schema.ts'
import { type ProbeResult, probe } from '../../health/probe.ts'
import { waitUntilReady } from '../../health/waitUntilReady.ts'
import type { Secrets } from '../../secrets/secrets.ts'

export interface HealthWatchOptions {
  readonly service: Service
  readonly ready: Ready
  readonly secrets: Secrets
  readonly signal: AbortSignal
  readonly onHealthy: (result: ProbeResult) => void
  /** Told why it is not ready, when that lasts: past its deadline, or after it has been healthy. */
  readonly onUnhealthy: (why: string) => void
}

const INTERVAL_MS = 2_000
/** One missed check may be a busy moment. */
const MISSES = 2

/** Checks a service until the signal aborts: often until it is ready, then now and then whether it still is. */
export async function watchHealth(options: HealthWatchOptions): Promise<void> {
  try {
    for (;;) {
      await untilReady(options)
      await untilUnhealthy(options)
    }
  } catch (error) {
    if (!options.signal.aborted) throw error
  }
}

async function untilReady({ ready, onHealthy, onUnhealthy, ...context }: HealthWatchOptions): Promise<void> {
  const first = await waitUntilReady(ready, context)
  if (first.outcome === 'ready') return onHealthy(first.last)
  onUnhealthy(`not ready after ${Math.round(ready.deadlineMs / 1000)} s: ${first.last.detail ?? 'no reason given'}`)
  // It may only be slow: whoever waits has been told, and is told again when it gets there.
  const late = await waitUntilReady(ready, { ...context, deadlineMs: Number.POSITIVE_INFINITY })
  onHealthy(late.last)
}

async function untilUnhealthy({ ready, onUnhealthy, signal, ...context }: HealthWatchOptions): Promise<void> {
  let misses = 0
  for (;;) {
    await sleep(INTERVAL_MS, undefined, { signal })
    const result = await probe(ready, { ...context, signal })
    misses = result.ok ? 0 : misses + 1
    if (misses < MISSES) continue
    onUnhealthy(`no longer ready: ${result.detail ?? 'no reason given'}`)
    return
  }
}
