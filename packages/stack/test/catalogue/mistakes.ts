import { expect } from 'vitest'
import { type LocatedProblem, parseCatalogue } from '../../src/catalogue/load.ts'
import { NebulaError } from '../../src/errors/nebulaError.ts'
import { catalogueText } from './catalogueText.ts'

/** A change of `catalogueText` that makes it wrong. */
export interface Mistake {
  readonly from: string
  readonly to: string
  /** The text that the problem must point at; it is there once. */
  readonly at: string
  readonly expected: RegExp
}

/** Each problem of a catalogue as `line:column what is expected`. */
export function problemsOf(text: string): readonly string[] {
  try {
    parseCatalogue(text, 'infra/stack.yaml')
  } catch (error) {
    if (!(error instanceof NebulaError)) throw error
    const problems = error.details as readonly LocatedProblem[] // what parseCatalogue documents
    return problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  }
  return []
}

/** Holds that a mistake is the only problem, where it is, and what is said of it. */
export function expectProblem({ from, to, at, expected }: Mistake): void {
  expect(catalogueText.split(from)).toHaveLength(2)
  const text = catalogueText.replace(from, () => to)
  expect(text.split(at)).toHaveLength(2)
  const before = text.slice(0, text.indexOf(at)).split('\n')
  const place = `${before.length}:${(before.at(-1) ?? '').length + 1} `
  const problems = problemsOf(text)
  expect(problems).toHaveLength(1)
  expect(problems[0]?.slice(0, place.length)).toBe(place)
  expect(problems[0]?.slice(place.length)).toMatch(expected)
}
