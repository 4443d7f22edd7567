import path from 'node:path'

/** The repository. */
export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..')

/** Something that the person has to know and can mend. */
export class Problem extends Error {
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

/** `12 s` for milliseconds. */
export function seconds(ms) {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
