import { stripVTControlCharacters } from 'node:util'
import { placedReason, type Surroundings } from './placedReason.ts'

const LONGEST = 200
const ERROR = /(?:^|\s|")(?:\w*Error|error|fatal|FATAL|panic)\b/
/** Frames of a stack, and what to do about an error that was said before. */
const NO_REASON = /^\s+at |^Node\.js v|^→ /

/**
 * The line that most likely says why a process ended: the last one that speaks of an error, or the last one.
 * @returns an empty string when it said nothing.
 */
export function lastWords(lines: readonly string[]): string {
  const said = lines
    .map((line) => stripVTControlCharacters(line).trimEnd())
    .filter((line) => line.trim() !== '' && !NO_REASON.test(line))
  return cut((said.findLast((one) => ERROR.test(one)) ?? said.at(-1) ?? '').trim())
}

function cut(line: string): string {
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line
}

/**
 * Why a process ended: `apps/worker/src/main.ts:3:7: Error: …` where it named a place in our files; otherwise how it ended,
 * with its last words if it had any, `exited with code 1: TypeError: …`.
 */
export function whyEnded(what: string, lines: readonly string[], surroundings: Surroundings): string {
  const placed = placedReason(lines, surroundings)
  if (placed !== null) return cut(placed)
  const words = lastWords(lines)
  return words === '' ? what : `${what}: ${words}`
}

/** The last lines of what a program said, without the empty ones around it. */
export function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join('\n')
}

/** The first line of a text; empty when it has none. */
export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? ''
}

/** What is not empty in the lines of a program's output. */
export function filledLines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

/** A JSON text's value, for a schema to look at; undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
