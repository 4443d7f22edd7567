import { NebulaError } from '@nebula/stack/errors'
import { z } from 'zod'

/** A TCP port as an environment variable. */
export const Port = z.coerce.number().int().min(0).max(65_535)

// Taken now: functions of the application get a `process` of their own.
const { stdout, stderr } = process
// Whoever read the output is gone. Without a listener every line would be an uncaught exception, and so a line.
for (const stream of [stdout, stderr]) stream.on('error', () => {})

/** Writes a line of the log, with the time. */
export function log(line: string): void {
  stdout.write(`${new Date().toISOString()} ${line}\n`)
}

/** @throws NebulaError ENVIRONMENT_INVALID that says which variable is wrong, and how. */
export function parseEnvironment<T>(schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(process.env)
  if (parsed.success) return parsed.data
  throw new NebulaError(`The environment is not as needed:\n${z.prettifyError(parsed.error)}`, {
    code: 'ENVIRONMENT_INVALID',
    hint: 'packages/convex-embedded/README.md lists the variables',
    exitCode: 2,
  })
}

/** Functions run in this process: what one of them leaves behind and lets fail is logged, and takes nothing else along. */
export function survive(): void {
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.on(event, (error: unknown) => {
      log(`${event} outside of a call: ${error instanceof Error ? error.stack : String(error)}`)
    })
  }
}

/**
 * Runs a server until one of the signals, also while it starts, then closes it and exits 0. A second one does not wait.
 * @param signals what it drains on; any other signal does what the system does with it. Default: SIGINT and SIGTERM.
 */
export async function serve(
  start: () => Promise<{ close(): Promise<void> }>,
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'],
): Promise<void> {
  let stopping = false
  const signalled = new Promise<void>((resolve) => {
    const stop = (signal: string) => {
      if (stopping) process.exit(1)
      stopping = true
      log(`${signal}: stopping`)
      resolve()
    }
    for (const signal of signals) process.on(signal, stop)
  })
  try {
    const server = await start()
    await signalled
    await server.close()
    log('Stopped')
    process.exit(0)
  } catch (error) {
    fail(error)
  }
}

function fail(error: unknown): void {
  if (error instanceof NebulaError) stderr.write(`error: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`)
  else stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.exit(error instanceof NebulaError ? error.exitCode : 1)
}
