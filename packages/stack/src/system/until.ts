import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** Milliseconds to keep trying. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  /** Milliseconds between two tries. */
  readonly intervalMs?: number
}

/**
 * Asks again and again until the answer is yes.
 * @returns whether it was yes before the deadline.
 * @throws what `condition` throws, and the signal's reason when it aborts.
 */
export async function until(condition: () => Promise<boolean>, options: UntilOptions): Promise<boolean> {
  const end = performance.now() + options.deadlineMs
  for (;;) {
    options.signal?.throwIfAborted()
    if (await condition()) return true
    if (performance.now() >= end) return false
    await sleep(options.intervalMs ?? 200, undefined, { signal: options.signal })
  }
}
