type Fields = Readonly<Record<string, string | number | boolean | undefined>>

/** One line a message: time, level, message, then `key=value`. Never hand it a secret. */
export interface Log {
  info(message: string, fields?: Fields): void
  warn(message: string, fields?: Fields): void
  error(message: string, fields?: Fields): void
}

/** A log that writes lines to a stream. */
export function createLog(stream: { write(text: string): unknown }): Log {
  const write = (level: string) => (message: string, fields?: Fields) => {
    const extra = Object.entries(fields ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    stream.write(`${new Date().toISOString()} ${level} ${message}${extra.join('')}\n`)
  }
  return { info: write('info '), warn: write('warn '), error: write('error') }
}

/** What to say of something that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
