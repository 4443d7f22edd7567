import { stripVTControlCharacters } from 'node:util'
import type { Service } from './schema.ts'

type Hint = Service['hints'][number]

/** What a known log line means and the command that helps. */
export type Advice = Pick<Hint, 'say' | 'fix'>

/**
 * What is known about these log lines.
 * @param hints a service's, from the catalogue.
 * @returns each advice once, in the order of the hints; empty when no line is known.
 */
export function matchHints(hints: readonly Hint[], lines: readonly string[]): readonly Advice[] {
  const plain = lines.map((line) => stripVTControlCharacters(line))
  return hints
    .filter(({ match }) => {
      const pattern = new RegExp(match)
      return plain.some((line) => pattern.test(line))
    })
    .map(({ say, fix }) => ({ say, fix }))
}
