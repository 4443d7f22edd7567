import { attempt } from '../../system/attempt.ts'
import type { Release } from './release.ts'

/** A native program that is here and works. */
export interface FoundProgram {
  readonly path: string
  /** Where it came from, in a phrase for `status`: `PATH (/usr/bin/temporal)`. */
  readonly source: string
  readonly version: string
}

/** What a test puts in place of what is fixed. */
export interface Overrides {
  readonly release?: Release
  /** The root of the checkout whose own cache is used when the user's cannot be written. */
  readonly checkout?: string
}

/** What every search for a program is given. */
export interface ProgramSearch {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Called with a line about what takes time, and what failed on the way. */
  readonly onStep: (text: string) => void
  readonly signal?: AbortSignal | undefined
}

/** The environment variables that a user may set to choose programs. README.md describes each; a test holds it to this. */
export const Variable = {
  TemporalCli: 'TEMPORAL_CLI',
  ConvexBackend: 'CONVEX_LOCAL_BACKEND',
  DownloadMirror: 'NEBULA_DOWNLOAD_MIRROR',
} as const

/** One way to come to a program. */
export interface Way {
  readonly name: string
  /**
   * @returns the program, or why it cannot be obtained this way.
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
