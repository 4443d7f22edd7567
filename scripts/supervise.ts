import { writeSync } from 'node:fs'
import { Programs } from '@nebula/stack/embedded/programs/programs'
import { embeddedStack } from '@nebula/stack/embedded/state/embeddedStack'
import { startSupervisor } from '@nebula/stack/embedded/supervisor/supervisor'
import { loadSecrets } from '@nebula/stack/secrets/secrets'
import { openStack } from './lib/stack.ts'

const STDOUT = 1

/* What `up` leaves running in embedded mode. SIGTERM and SIGINT end it with all its services, SIGHUP retries what failed. */

/** What cannot be said, on a full disk, is not worth ending the stack for. */
function log(line: string): void {
  try {
    writeSync(STDOUT, `${new Date().toISOString()} ${line}\n`)
  } catch {}
}

const { root, catalogue } = await openStack()
const programs = Programs.parse(JSON.parse(process.argv[2] ?? '{}'))
const stack = embeddedStack(root, catalogue)
const supervisor = await startSupervisor(
  { ...stack, secrets: await loadSecrets(root), programs },
  { log, onGone: () => void stop('the checkout is gone', 0) },
)

let stopping: Promise<void> | undefined
async function stop(reason: string, exitCode: number): Promise<void> {
  log(`${reason}: stopping`)
  stopping ??= supervisor.stop()
  try {
    await stopping
    log('stopped')
  } finally {
    process.exit(exitCode)
  }
}
process.on('SIGTERM', () => void stop('SIGTERM', 0))
process.on('SIGINT', () => void stop('SIGINT', 0))
process.on('SIGHUP', () => supervisor.retry())
for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error: unknown) => {
    log(`${event}: ${error instanceof Error ? error.stack : String(error)}`)
    void stop('this is a bug in the supervisor', 1)
  })
}
log(`running (pid ${process.pid})`)
