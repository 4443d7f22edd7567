import { Option } from '@commander-js/extra-typings'
import { acquireLock } from '@nebula/stack/checkout/lock'
import { CONVEX_CHOICES } from '@nebula/stack/embedded/programs/programs'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { confirm } from './lib/confirm.ts'
import { modeOption, quietOption, wholeNumber } from './lib/options.ts'
import { withRenderer } from './lib/render/withRenderer.ts'
import { type OpenedCheckout, openCheckout } from './lib/stack.ts'
import { DEFAULT_TIMEOUT_S, start } from './lib/start.ts'

const program = command('up', 'Start the stack, wait until it works, and say where to open what')
  .addOption(modeOption)
  .option('--timeout <seconds>', 'how long the services may take', wholeNumber, DEFAULT_TIMEOUT_S)
  .option('--attach', 'stay, show what the services say, and stop them with Ctrl-C')
  .option('--accept-data-loss', 'cluster mode: start with empty data where the data of this checkout is gone')
  .option('--json', 'one JSON object a line on stdout')
  .addOption(quietOption)
  .addOption(
    new Option('--convex <which>', 'embedded mode: the real backend, our stand-in, or what is at hand')
      .choices(CONVEX_CHOICES)
      .default('auto' as const),
  )
  .action((options) => interruptible((signal) => up(options, signal)))

async function up(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode> {
  const stack = await openCheckout(options.mode, options.convex)
  const run = (acceptDataLoss: boolean | undefined) =>
    start(stack, { ...options, signal }, (upOptions) => stack.driver.up({ ...upOptions, acceptDataLoss }))
  const exitCode = await run(options.acceptDataLoss).catch(async (error: unknown) => {
    if (await mayStartEmpty(error, options, signal)) return await run(true)
    throw error
  })
  return exitCode === ExitCode.Green && options.attach ? await attach(stack, signal) : exitCode
}

/** Asks whether the stack is to start without the data that is gone, where that is why it does not start. */
async function mayStartEmpty(
  error: unknown,
  { json, quiet }: Pick<ReturnType<typeof program.opts>, 'json' | 'quiet'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(error instanceof NebulaError) || error.code !== 'DATA_GONE') return false
  if (json || quiet || !process.stdin.isTTY) return false
  process.stderr.write(`\n${pc.red('✗')} ${error.message}\n`)
  const hint = 'npm run up -- --accept-data-loss'
  return await confirm({ question: 'Start all the same?', otherwise: error.message, hint, signal })
}

/** Shows what the services say until Ctrl-C, then stops the stack; or until somebody else has stopped it. */
async function attach({ root, driver }: OpenedCheckout, signal: AbortSignal): Promise<ExitCode> {
  process.stdout.write('\n')
  await driver.logs({
    services: [],
    tail: 0,
    follow: true,
    signal,
    onLine: (line) => void process.stdout.write(`${line}\n`),
  })
  if (!signal.aborted) return ExitCode.Green
  await using _ = await acquireLock(root, 'down')
  await withRenderer(driver.catalogue, {}, (onEvent) => driver.down(onEvent))
  return ExitCode.Interrupted
}

await main(program)
