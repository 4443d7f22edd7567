import { ExitCode } from './exitCodes.ts'

export interface NebulaErrorOptions {
  /** Stable name for programs, upper case: `PORT_TAKEN`. */
  readonly code: string
  /** What to do next, ideally a command to paste. */
  readonly hint?: string | undefined
  /** What the process ends with when nobody handles it. Default: failed. */
  readonly exitCode?: ExitCode | undefined
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
  declare readonly details?: unknown

  constructor(message: string, options: NebulaErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
    this.exitCode = options.exitCode ?? ExitCode.Failed
    if (options.hint !== undefined) this.hint = options.hint
    if (options.details !== undefined) this.details = options.details
  }
}
