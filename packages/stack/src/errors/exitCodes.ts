/** What the commands exit with. Documented in README.md; scripts and CI may rely on them. */
export const ExitCode = {
  Green: 0,
  Failed: 1,
  Usage: 2,
  /** Something has to be installed, started or freed first. */
  Precondition: 3,
  TimedOut: 4,
  ServiceFailed: 5,
  /** Ended by Ctrl-C: 128 + SIGINT. */
  Interrupted: 130,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]
