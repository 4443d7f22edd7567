import { convexToJson, type JSONValue, type Value } from 'convex/values'
import type { Call } from './execution.ts'
import { formatLogLine } from './functionConsole.ts'

/** A mutation's response as it is kept for a client that asks again. */
export interface StoredResponse {
  readonly value: JSONValue
  readonly ts: string
  readonly logLines: readonly string[]
}

export function encodeResponse(call: Call, ts: bigint): string {
  const logLines = call.lines.map(formatLogLine)
  return `{"value":${encodeAt(call.result, ts)},"ts":"${ts}","logLines":${JSON.stringify(logLines)}}`
}

/** Convex-encoded JSON text. A commit timestamp, known only at the commit, goes in where the function asked for it. */
export function encodeAt(value: unknown, ts: bigint): string {
  // Documents and results of mutations: convex-test has let nothing else through.
  const text = JSON.stringify(convexToJson(value as Value))
  const placeholder = '{"$commitTs":null}'
  return text.includes(placeholder) ? text.replaceAll(placeholder, JSON.stringify(convexToJson(ts))) : text
}
