import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, messageOf } from './log.ts'
import { growingPauses } from './pauses.ts'

const PAUSES = { firstMs: 250, longestMs: 5_000 }

export interface Waiting {
  /** What is waited for, for the log. */
  readonly what: string
  readonly where: string
  readonly log: Log
  readonly signal: AbortSignal
}

/**
 * Waits for something that the worker depends on, as long as it takes: a worker that crashes because a dependency is
 * slow only makes noise. Says so in the log, and why; not again while the reason stays the same.
 * @returns the first answer of `ask`.
 * @throws the signal's reason when it aborts.
 */
export async function untilItAnswers<T>({ what, where, log, signal }: Waiting, ask: () => Promise<T>): Promise<T> {
  let reason: string | undefined
  for (const pauseMs of growingPauses(PAUSES)) {
    signal.throwIfAborted()
    try {
      return await ask()
    } catch (error) {
      if (messageOf(error) !== reason) log.info(`waiting for ${what}`, { where, error: messageOf(error) })
      reason = messageOf(error)
    }
    await sleep(pauseMs, undefined, { signal })
  }
  throw new TypeError('pauses never end')
}
