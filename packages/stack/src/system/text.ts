import { stripVTControlCharacters } from 'node:util'

const LONGEST = 200
const ERROR = /(?:^|\s|")(?:\w*Error|error|fatal|FATAL|panic)\b/
const STACK_FRAME = /^\s+at |^Node\.js v/

/**
 * The line that most likely says why a process ended: the last one that speaks of an error, or the last one.
 * @returns an empty string when it said nothing.
 */
export function lastWords(lines: readonly string[]): string {
  const said = lines
    .map((line) => stripVTControlCharacters(line).trimEnd())
    .filter((line) => line.trim() !== '' && !STACK_FRAME.test(line))
  const line = (said.findLast((one) => ERROR.test(one)) ?? said.at(-1) ?? '').trim()
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
}

/** How a process ended, with its last words if it had any: `exited with code 1: TypeError: …`. */
export function whyEnded(what: string, lines: readonly string[]): string {
  const words = lastWords(lines)
  return words === '' ? what : `${what}: ${words}`
}
