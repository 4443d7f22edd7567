type Fields = Readonly<Record<string, string | number | boolean | undefined>>

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** One line a message: time, level, message, then `key=value`. Never hand it a secret. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: Fields) => void>>

/** A log that writes lines to a stream, from `level` on. */
export function createLog(stream: { write(text: string): unknown }, level: LogLevel = 'info'): Log {
  const writer = (of: LogLevel) => (message: string, fields?: Fields) => {
    if (LOG_LEVELS.indexOf(of) < LOG_LEVELS.indexOf(level)) return
    const extra = Object.entries(fields ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    stream.write(`${new Date().toISOString()} ${of.padEnd(5)} ${message}${extra.join('')}\n`)
  }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}

/** What to say of something that was thrown. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // fetch says no more than "fetch failed"; why stands in its cause.
  return error.cause instanceof Error ? `${error.message}: ${messageOf(error.cause)}` : error.message
}
