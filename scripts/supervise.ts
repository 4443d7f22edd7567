import { Programs } from '@nebula/stack/embedded/programs/programs'
import { embeddedStack } from '@nebula/stack/embedded/state/embeddedStack'
import { startSupervisor } from '@nebula/stack/embedded/supervisor/supervisor'
import { loadSecrets } from '@nebula/stack/secrets/secrets'
import { openStack } from './lib/stack.ts'

/* What `up` leaves running in embedded mode. SIGTERM and SIGINT end it with all its services, SIGHUP retries what failed. */

const log = (line: string) => void process.stdout.write(`${new Date().toISOString()} ${line}\n`)
const { root, catalogue } = await openStack()
const programs = Programs.parse(JSON.parse(process.argv[2] ?? '{}'))
const stack = embeddedStack(root, catalogue)
const supervisor = await startSupervisor({ ...stack, secrets: await loadSecrets(root), programs }, log)

let stopping: Promise<void> | undefined
async function stop(reason: string, exitCode: number): Promise<void> {
  log(`${reason}: stopping`)
  stopping ??= supervisor.stop()
  await stopping
  log('stopped')
  process.exit(exitCode)
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
