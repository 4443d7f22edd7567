import type { JSONValue } from 'convex/values'
import { z } from 'zod'

/** As deep as values may be in Convex, the arguments' own object included. */
const MAX_LEVELS = 64

/** What a function is called with, as it comes from outside: an object, or a list with it. */
export const Args = z
  .custom<JSONValue>((value) => value !== undefined, 'There are no arguments')
  .refine((value) => !isTooDeep(value), `Arguments may be nested ${MAX_LEVELS} levels deep`)

/** Without recursion, which is what such values are sent to exhaust. */
function isTooDeep(args: JSONValue): boolean {
  const first: unknown[] = Array.isArray(args) ? args : [args]
  let level = first.filter(isContainer)
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_LEVELS) return true
    level = level.flatMap((value): unknown[] => Object.values(value)).filter(isContainer)
  }
  return false
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
