import type { Outcome } from './engine/engine.ts'
import { formatLogLine } from './engine/functionConsole.ts'

const KINDS = { query: 'Query', mutation: 'Mutation', action: 'Action', httpAction: 'HttpAction' } as const
const KEPT = 1000
/** What is kept of one call, so that a thousand of them stay small. */
const KEPT_TEXT = 2000

/** One call in the form that `convex logs` reads. Source: convex, src/cli/lib/generatedFunctionLogsApi.ts */
export interface FunctionExecution {
  readonly kind: 'Completion'
  readonly udfType: (typeof KINDS)[keyof typeof KINDS]
  readonly identifier: string
  readonly componentPath: null
  /** Seconds. */
  readonly timestamp: number
  readonly executionTime: number
  readonly logLines: readonly { messages: string[]; level: string; timestamp: number; isTruncated: boolean }[]
  readonly requestId: string
  readonly executionId: string
  readonly cachedResult: false
  readonly success: object | null
  readonly error: string | null
}

/** The last thousand calls, for `convex logs` and the dashboard, and their console lines for the server's own log. */
export class FunctionLog {
  readonly #log: (line: string) => void
  readonly #entries: { cursor: number; entry: FunctionExecution }[] = []
  readonly #waiting = new Set<() => void>()
  #cursor = Date.now()

  constructor(log: (line: string) => void) {
    this.#log = log
  }

  add(outcome: Outcome, durationMs: number): void {
    const { call } = outcome
    if (call.path.startsWith('_system/')) return
    const udfType = KINDS[call.kind]
    const prefix = `[CONVEX ${udfType.charAt(0)}(${call.path})]`
    for (const line of call.lines) this.#log(`${prefix} ${formatLogLine(line)}`)
    if (!outcome.ok) this.#log(`${prefix} ${outcome.failure.message}`)
    // Queries run over and over; the ones with nothing to say would push everything else out.
    if (call.kind === 'query' && outcome.ok && call.lines.length === 0) return
    this.#remember({
      kind: 'Completion',
      udfType,
      identifier: call.path,
      componentPath: null,
      timestamp: Date.now() / 1000,
      executionTime: durationMs / 1000,
      logLines: call.lines.map((line) => ({
        messages: [line.message.slice(0, KEPT_TEXT)],
        level: line.level,
        timestamp: line.timestamp,
        isTruncated: line.message.length > KEPT_TEXT,
      })),
      requestId: '',
      executionId: '',
      cachedResult: false,
      success: outcome.ok ? {} : null,
      error: outcome.ok ? null : outcome.failure.message.slice(0, KEPT_TEXT),
    })
  }

  /** What came after a cursor, at once or as soon as there is something; nothing after `timeoutMs`. */
  async after(cursor: number, timeoutMs: number, signal: AbortSignal) {
    // A cursor of a former process is ahead of this one's.
    const from = cursor > this.#cursor ? 0 : cursor
    if (from > 0 && from === this.#cursor) await this.#next(timeoutMs, signal)
    const entries = this.#entries.filter((known) => known.cursor > from).map((known) => known.entry)
    return { entries, newCursor: this.#cursor }
  }

  #remember(entry: FunctionExecution): void {
    // Milliseconds, as in Convex; higher than the last one in any case.
    this.#cursor = Math.max(Date.now(), this.#cursor + 1)
    this.#entries.push({ cursor: this.#cursor, entry })
    if (this.#entries.length > KEPT) this.#entries.shift()
    for (const wake of this.#waiting) wake()
  }

  async #next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.#waiting.add(done)
      signal.addEventListener('abort', done)
    })
  }
}
