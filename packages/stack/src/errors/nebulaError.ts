import { ExitCode } from './exitCodes.ts'

/** One of several things that are wrong. */
export interface Problem {
  readonly message: string
  readonly hint?: string
}

export interface NebulaErrorOptions {
  /** Stable name for programs, upper case: `PORT_TAKEN`. */
  readonly code: string
  /** What to do next, ideally a command to paste. */
  readonly hint?: string | undefined
  /** What the process ends with when nobody handles it. Default: failed. */
  readonly exitCode?: ExitCode | undefined
  /** When it is several things at once: each with its own way out. The message then has all of them. */
  readonly problems?: readonly Problem[] | undefined
  /** What a program may want to know beyond the message, for `--json`. */
  readonly details?: unknown
  readonly cause?: unknown
}

/** An error that a person can act on: the message says what happened and where, the hint what to do. */
export class NebulaError extends Error {
  override readonly name = 'NebulaError'
  readonly code: string
  declare readonly hint?: string
  readonly exitCode: ExitCode
  declare readonly problems?: readonly Problem[]
  declare readonly details?: unknown

  constructor(message: string, options: NebulaErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
    this.exitCode = options.exitCode ?? ExitCode.Failed
    if (options.hint !== undefined) this.hint = options.hint
    if (options.problems !== undefined) this.problems = options.problems
    if (options.details !== undefined) this.details = options.details
  }
}
