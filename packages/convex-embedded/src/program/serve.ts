import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { complain, log } from './log.ts'

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
 * For programs: it prints and exits.
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
  if (error instanceof NebulaError) complain(`error: ${error.message}${error.hint ? `\n  ${error.hint}` : ''}`)
  else complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exit(error instanceof NebulaError ? error.exitCode : 1)
}
