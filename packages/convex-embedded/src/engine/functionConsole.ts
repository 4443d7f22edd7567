import { inspect } from 'node:util'

/** One console line of a function, as `convex logs` wants it. */
export interface LogLine {
  readonly level: 'LOG' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'
  readonly message: string
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

const MAX_LINES = 256
const MAX_LENGTH = 32_768

const LEVELS: Record<string, LogLine['level']> = { debug: 'DEBUG', info: 'INFO', warn: 'WARN', error: 'ERROR' }

/** Makes a console whose every method adds a line, as Convex's runtime does: at most 256 a call, 32 KB each. */
export function makeFunctionConsole(lines: LogLine[]): Console {
  return new Proxy(globalThis.console, {
    get(_target, name) {
      const level = LEVELS[String(name)] ?? 'LOG'
      return (...args: unknown[]) => {
        if (lines.length >= MAX_LINES) return
        const text = args.map((arg) => inspect(arg, { depth: 6, breakLength: Number.POSITIVE_INFINITY })).join(' ')
        lines.push({ level, message: truncate(text), timestamp: Date.now() })
      }
    },
  })
}

/** The form in which clients get a line: `[LOG] 'hello'`. */
export function formatLogLine(line: LogLine): string {
  return `[${line.level}] ${line.message}`
}

function truncate(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}… (truncated)`
}
