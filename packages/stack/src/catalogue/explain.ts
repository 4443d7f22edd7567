import type { z } from 'zod'
import { didYouMean } from '../errors/didYouMean.ts'
import { knownKeys } from './jsonSchema.ts'
import { type CatalogueProblem, type Path, showPath, valueAt } from './problem.ts'

/**
 * Says what is expected in place of what zod refused.
 * @param root the catalogue as it was read.
 */
export function explainIssue(issue: z.core.$ZodIssue, root: unknown): readonly CatalogueProblem[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(key, path, root))
  const where = showPath(root, path) || 'the file'
  if (issue.code === 'invalid_key') {
    return [
      { path, isKey: true, message: `${where}: expected a name of ${issue.issues[0]?.message ?? 'another form'}` },
    ]
  }
  const value = valueAt(root, path)
  const got = value === undefined ? 'it is missing' : `got ${show(value)}`
  return [{ path, message: `${where}: expected ${expectation(issue)}; ${got}${suggestion(issue, value)}` }]
}

function unknownKey(key: string, path: Path, root: unknown): CatalogueProblem {
  const known = knownKeys(root, path)
  const meant = didYouMean(key, known)
  const where = path.length === 0 ? 'at the top' : `in ${showPath(root, path)}`
  const advice = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`
  return { path: [...path, key], isKey: true, message: `unknown key "${key}" ${where}: ${advice}` }
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return withArticle(issue.expected)
    case 'invalid_value':
      return `one of ${issue.values.map(show).join(', ')}`
    case 'invalid_union':
      return `one of ${choices(issue).map(show).join(', ')}`
    case 'invalid_format':
      // Ours say what is expected, zod's own start with a verdict.
      return issue.message.replace(/^Invalid string: must /, 'a text that must ')
    default:
      return issue.message.replace(/^(Invalid input|Too small|Too big): (expected )?/, '')
  }
}

function suggestion(issue: z.core.$ZodIssue, value: unknown): string {
  if (typeof value !== 'string') return ''
  const options = issue.code === 'invalid_value' ? issue.values : choices(issue)
  const meant = didYouMean(
    value,
    options.filter((option) => typeof option === 'string'),
  )
  return meant === undefined ? '' : `; did you mean "${meant}"?`
}

function choices(issue: z.core.$ZodIssue): readonly unknown[] {
  return issue.code === 'invalid_union' && 'options' in issue && Array.isArray(issue.options) ? issue.options : []
}

function withArticle(type: string): string {
  const names: Record<string, string> = {
    int: 'a whole number',
    array: 'a list',
    object: 'a map',
    record: 'a map',
    string: 'a text',
  }
  return names[type] ?? `a ${type}`
}

function show(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  return typeof value === 'object' ? 'a map' : JSON.stringify(value)
}
