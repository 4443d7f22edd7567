import { createInterface } from 'node:readline/promises'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'

export interface Confirmation {
  /** For a person in a terminal: "Delete all data?" */
  readonly question: string
  /** What the command does, for whoever cannot be asked: "reset deletes all data". */
  readonly otherwise: string
  /** The command that does not ask. */
  readonly hint: string
  readonly signal: AbortSignal
}

/**
 * Asks a person in the terminal, where nothing but a yes counts as one.
 * @throws NebulaError when there is nobody to ask.
 */
export async function confirm({ question, otherwise, hint, signal }: Confirmation): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new NebulaError(`${otherwise}, and there is nobody to ask`, {
      code: 'CONFIRMATION_NEEDED',
      hint,
      exitCode: ExitCode.Usage,
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}
