import { randomBytes } from 'node:crypto'
import { type ConvexError, convexToJson, type JSONValue } from 'convex/values'

/** An error that a client is told as it is: a function that is not there, arguments that do not match. */
export class RequestError extends Error {
  override readonly name = 'RequestError'
}

/** A failed call as clients get it. `data` is there for a ConvexError only. */
export interface Failure {
  readonly message: string
  readonly data?: JSONValue
}

/** Turns what a function threw into what Convex tells its client about it. */
export function describeFailure(thrown: unknown): Failure {
  const prefix = `[Request ID: ${randomBytes(8).toString('hex')}] Server Error`
  if (thrown instanceof RequestError) return { message: `${prefix}\n${thrown.message}` }
  if (isConvexError(thrown)) {
    const data = thrown.data === undefined ? null : convexToJson(thrown.data)
    return { message: `${prefix}\nUncaught ConvexError: ${JSON.stringify(data)}\n${frames(thrown)}`, data }
  }
  if (!(thrown instanceof Error)) return { message: `${prefix}\nUncaught ${String(thrown)}` }
  return { message: `${prefix}\nUncaught ${thrown.name}: ${thrown.message}\n${frames(thrown)}` }
}

/** Functions bring their own copy of the class along, so `instanceof` does not do. */
function isConvexError(thrown: unknown): thrown is ConvexError<JSONValue> {
  return typeof thrown === 'object' && thrown !== null && Symbol.for('ConvexError') in thrown
}

/**
 * The lines of a stack that are the application's, by its own file names, wherever the data is (also in `/a folder/`):
 * `    at handler (/data/functions/3/convex/runs.ts:5:9)` -> `    at handler (../convex/runs.ts:5:9)`.
 */
export function frames(error: Error): string {
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at .*\/functions\/\d+\//.test(line))
  const own = lines.filter((line) => !line.includes('node_modules'))
  return own
    .map((line) => line.replace(/(?:file:\/\/)?\/[^()]*\/functions\/\d+\//, '../').replace(/^\s+/, '    '))
    .join('\n')
}
