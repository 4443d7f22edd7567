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
  /** The root of the checkout whose own cache is used when the user's can not be written. */
  readonly checkout?: string
}

/** What every search for a program is given. */
export interface ProgramSearch {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Called with a line about what takes time, and what failed on the way. */
  readonly onStep: (text: string) => void
  readonly signal?: AbortSignal | undefined
}
