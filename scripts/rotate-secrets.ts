import { acquireLock } from '@nebula/stack/checkout/lock'
import type { StackStatus } from '@nebula/stack/driver/stackDriver'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { ensureSecrets, stageSecrets } from '@nebula/stack/secrets/secrets'
import { command, interruptible, main } from './lib/command.ts'
import { confirm } from './lib/confirm.ts'
import { jsonOption, modeOption, quietOption } from './lib/options.ts'
import { openCheckout } from './lib/stack.ts'
import { start } from './lib/start.ts'

/** What gets a new value, for a person. The name of Convex' instance stays: it is in every log, and data is known by it. */
const CHANGED = [
  "PostgreSQL's password",
  "Convex' instance secret, and the admin key that comes of it",
  'the key that the worker signs with, and its public half',
]

const program = command('rotate-secrets', 'Give the stack new secrets; its data stays, the old secrets end')
  .addOption(modeOption)
  .option('--yes', 'do not ask')
  .addOption(jsonOption)
  .addOption(quietOption)
  .action((options) => interruptible((signal) => rotate(options, signal)))

async function rotate(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode> {
  const { root, driver } = await openCheckout(options.mode)
  const status = await driver.status()
  const isRunning = status.services.some(({ state }) => state !== 'stopped')
  const what = isRunning ? 'its services start anew, and runs go on afterwards' : 'they count from the next start on'
  const isSure =
    options.yes ||
    (await confirm({
      question: `Give this stack new secrets? ${what}.`,
      otherwise: `rotate-secrets ends the old secrets: ${what}`,
      hint: 'npm run rotate-secrets -- --yes',
      signal,
    }))
  if (!isSure) return ExitCode.Failed
  {
    await using _ = await acquireLock(root, 'rotate-secrets')
    await stageSecrets(root)
    // Where something runs, `up` takes them once it has ended; so does the next one, should this be killed on the way.
    if (!isRunning) await ensureSecrets(root)
  }
  const exitCode = isRunning ? await restart(driver.mode, status, options, signal) : ExitCode.Green
  const ok = exitCode === ExitCode.Green
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ok, mode: driver.mode, restarted: isRunning, changed: CHANGED })}\n`)
  } else if (ok && !options.quiet) {
    process.stdout.write(`\nNew, and the old ones have ended${isRunning ? '' : ' with the next `npm run up`'}:\n`)
    for (const each of CHANGED) process.stdout.write(`  ${each}\n`)
  }
  return ok ? ExitCode.Green : exitCode
}

/** With the Convex that ran: the real one and its stand-in keep their data apart. */
async function restart(
  mode: string,
  { services }: StackStatus,
  { json, quiet }: ReturnType<typeof program.opts>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const convex = services.find(({ id }) => id === 'convex-backend')
  const choice = convex?.program ? 'real' : convex?.standIn ? 'stand-in' : 'auto'
  const stack = await openCheckout(mode, choice)
  return await start(stack, { signal, quiet: quiet || json }, (upOptions) => stack.driver.up(upOptions))
}

await main(program)
