// Taken now: functions of the application get a `process` of their own.
const { stdout, stderr } = process
// Whoever read the output is gone. Without a listener every line would be an uncaught exception, and so a line.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

/** Writes a line of the log, with the time. */
export function log(line: string): void {
  stdout.write(`${new Date().toISOString()} ${line}\n`)
}

/** Writes to where errors go. */
export function complain(text: string): void {
  stderr.write(`${text}\n`)
}
