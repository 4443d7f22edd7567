import { Option } from '@commander-js/extra-typings'
import { acquireLock } from '@nebula/stack/checkout/lock'
import type { StartResult } from '@nebula/stack/driver/followServices'
import { CONVEX_CHOICES } from '@nebula/stack/embedded/programs/programs'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import type { OpenedStack } from '@nebula/stack/openDriver'
import { attach } from './lib/attach.ts'
import { command, interruptible, main } from './lib/command.ts'
import { reportFailures } from './lib/failures.ts'
import { wholeNumber } from './lib/options.ts'
import { chooseRenderer } from './lib/render/choose.ts'
import { formatMs } from './lib/render/words.ts'
import { openDriver } from './lib/stack.ts'
import { urlTable } from './lib/summary.ts'

const OUTCOMES: Record<StartResult['outcome'], ExitCode> = {
  green: ExitCode.Green,
  failed: ExitCode.ServiceFailed,
  'timed-out': ExitCode.TimedOut,
}

const program = command('up', 'Start the stack, wait until it works, and say where to open what')
  .option('--mode <mode>', 'cluster, embedded, or auto (NEBULA_MODE)')
  .option('--timeout <seconds>', 'how long the services may take', wholeNumber, 1200)
  .option('--attach', 'stay, show what the services say, and stop them with Ctrl-C')
  .option('--json', 'one JSON object a line on stdout')
  .option('--quiet', 'show errors only')
  .addOption(
    new Option('--convex <which>', 'embedded mode: the real backend, our stand-in, or what is at hand')
      .choices(CONVEX_CHOICES)
      .default('auto' as const),
  )
  .action((options) => interruptible((signal) => up(options, signal)))

async function up(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode> {
  const { root, driver, choice } = await openDriver(options.mode, options.convex)
  const exitCode = await start({ driver, choice }, root, options, signal)
  return exitCode === ExitCode.Green && options.attach ? await attach(root, driver, signal) : exitCode
}

async function start(
  { driver, choice }: OpenedStack,
  root: string,
  options: ReturnType<typeof program.opts>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const start = performance.now()
  await using _ = await acquireLock(root, 'up')
  const { catalogue } = driver
  const renderer = chooseRenderer(catalogue, { json: options.json === true, quiet: options.quiet === true })
  renderer.onEvent({ type: 'mode', ...choice })
  let result: StartResult
  try {
    result = await driver.up({ onEvent: renderer.onEvent, timeoutMs: options.timeout * 1000, signal })
  } finally {
    renderer.stop()
  }
  const ms = Math.round(performance.now() - start)
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ type: 'end', outcome: result.outcome, ms, services: result.services })}\n`)
  } else if (result.outcome === 'green' && !options.quiet) {
    process.stdout.write(`\nReady in ${formatMs(ms)}\n\n${urlTable(driver, result.services)}\n`)
  }
  if (result.outcome !== 'green') {
    await reportFailures(catalogue, result.services, (id) => driver.lastLines(id, 20))
  }
  return OUTCOMES[result.outcome]
}

await main(program)
