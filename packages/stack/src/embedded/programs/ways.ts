import { attempt } from '../../system/attempt.ts'
import type { FoundProgram, ProgramSearch } from './foundProgram.ts'

/** One way to come to a program. */
export interface Way {
  readonly name: string
  /**
   * @returns the program, or why it is not to be had this way.
   * @throws when this way was open and failed.
   */
  readonly find: () => Promise<FoundProgram | string>
}

export interface FailedWay {
  readonly name: string
  readonly reason: string
  /** There was something, which could not be used. */
  readonly wasOpen: boolean
}

/**
 * Goes these ways in their order until one leads to the program. What fails on the way is reported at once.
 * @returns every way with what was wrong, when none does.
 * @throws only the signal's reason.
 */
export async function firstOf(ways: readonly Way[], search: ProgramSearch): Promise<FoundProgram | FailedWay[]> {
  const failed: FailedWay[] = []
  for (const { name, find } of ways) {
    search.signal?.throwIfAborted()
    const found = await attempt(find())
    search.signal?.throwIfAborted()
    if (!(found instanceof Error) && typeof found !== 'string') return found
    const reason = found instanceof Error ? found.message : found
    if (found instanceof Error) search.onStep(`${name}: ${reason}`)
    failed.push({ name, reason, wasOpen: found instanceof Error })
  }
  return failed
}
