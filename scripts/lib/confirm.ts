import { createInterface } from 'node:readline/promises'

/**
 * Asks on the terminal; without a word, Enter is a no.
 * @returns null where nobody is there to be asked.
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean | null> {
  if (!process.stdin.isTTY) return null
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    terminal.close()
  }
}
