// BootstrapError and the times are small copies of packages/stack's NebulaError and of scripts/lib/render/words.ts, on purpose:
// those are TypeScript, which the Node.js that runs this may not read.
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

/** Local state of this checkout, ignored by git. */
export const stateFolder = path.join(root, '.nebula')

/** Something that the person has to know and can mend. */
export class BootstrapError extends Error {
  constructor(message, hint, exitCode = 3) {
    super(message)
    this.hint = hint
    this.exitCode = exitCode
  }
}

/** Prints a line for the person; stdout belongs to the command. */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Says on one line what is being done and, in the end, how long it took. */
export async function sayWhile(title, action) {
  process.stderr.write(`${title} … `)
  const start = Date.now()
  try {
    const result = await action()
    say(seconds(Date.now() - start))
    return result
  } catch (error) {
    say(error.exitCode > 128 ? 'interrupted' : 'failed')
    throw error
  }
}

function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
