import { setTimeout as sleep } from 'node:timers/promises'
import type { Ready } from '../catalogue/schema.ts'
import { type ProbeContext, type ProbeResult, probe } from './probe.ts'

export interface WaitOptions extends ProbeContext {
  /** Milliseconds to keep trying. Default: the check's own deadline. */
  readonly deadlineMs?: number
  /** Asked after each try that failed: yes ends the waiting, since more of it would not help. */
  readonly hasFailed?: () => boolean
  /** Told what every try found. */
  readonly onTry?: (result: ProbeResult) => void
}

export interface WaitResult {
  readonly outcome: 'ready' | 'failed' | 'timed-out'
  /** What the last try found. */
  readonly last: ProbeResult
  /** Milliseconds in all. */
  readonly ms: number
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000
const PAUSE_GROWTH = 1.3

/**
 * Tries a service's check until it passes. At first often, so that a fast start is seen at once, then once a second.
 * @throws the reason of `options.signal` when it aborts.
 */
export async function waitUntilReady(check: Ready, options: WaitOptions): Promise<WaitResult> {
  const start = performance.now()
  const deadlineMs = options.deadlineMs ?? check.deadlineMs
  let pauseMs = FIRST_PAUSE_MS
  for (;;) {
    const last = await probe(check, options)
    options.onTry?.(last)
    const ms = Math.round(performance.now() - start)
    if (last.ok) return { outcome: 'ready', last, ms }
    if (options.hasFailed?.()) return { outcome: 'failed', last, ms }
    if (ms >= deadlineMs) return { outcome: 'timed-out', last, ms }
    await sleep(Math.min(pauseMs, deadlineMs - ms), undefined, { signal: options.signal })
    pauseMs = Math.min(pauseMs * PAUSE_GROWTH, LONGEST_PAUSE_MS)
  }
}
