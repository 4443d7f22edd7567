import { clusterContext } from '@nebula/stack/cluster/context'
import type { FollowResult } from '@nebula/stack/cluster/follow'
import { tiltLogs } from '@nebula/stack/cluster/tiltResource'
import { upCluster } from '@nebula/stack/cluster/up'
import { ExitCode } from '@nebula/stack/exitCodes'
import { acquireLock } from '@nebula/stack/lock'
import { chooseMode } from '@nebula/stack/mode'
import { command, interruptible, main } from './lib/command.ts'
import { reportFailures } from './lib/failures.ts'
import { requireCluster } from './lib/modes.ts'
import { wholeNumber } from './lib/options.ts'
import { chooseRenderer } from './lib/render/choose.ts'
import { formatMs } from './lib/render/words.ts'
import { openStack } from './lib/stack.ts'
import { urlTable } from './lib/summary.ts'

const OUTCOMES: Record<FollowResult['outcome'], ExitCode> = {
  green: ExitCode.Green,
  failed: ExitCode.ServiceFailed,
  'timed-out': ExitCode.TimedOut,
}

const program = command('up', 'Start the stack, wait until it works, and say where to open what')
  .option('--mode <mode>', 'cluster, embedded, or auto (NEBULA_MODE)', process.env.NEBULA_MODE)
  .option('--timeout <seconds>', 'how long the services may take', wholeNumber, 1200)
  .option('--json', 'one JSON object a line on stdout')
  .option('--quiet', 'show errors only')
  .action((options) => interruptible((signal) => up(options, signal)))

async function up(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode> {
  const start = performance.now()
  const { root, catalogue } = await openStack()
  const choice = await chooseMode(options.mode)
  requireCluster(choice)
  const context = await clusterContext(root, catalogue)
  await using _ = await acquireLock(root, 'up')
  const renderer = chooseRenderer(catalogue, { json: options.json === true, quiet: options.quiet === true })
  renderer.onEvent({ type: 'mode', ...choice })
  let result: FollowResult
  try {
    result = await upCluster(context, { onEvent: renderer.onEvent, timeoutMs: options.timeout * 1000, signal })
  } finally {
    renderer.stop()
  }
  const ms = Math.round(performance.now() - start)
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ type: 'end', outcome: result.outcome, ms, services: result.services })}\n`)
  } else if (result.outcome === 'green' && !options.quiet) {
    process.stdout.write(`\nReady in ${formatMs(ms)}\n\n${urlTable(context, result.services)}\n`)
  }
  if (result.outcome !== 'green') {
    await reportFailures(catalogue, result.services, (id) => tiltLogs(context.tiltPort, id, 20))
  }
  return OUTCOMES[result.outcome]
}

await main(program)
