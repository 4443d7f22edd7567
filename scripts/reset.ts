import { acquireLock } from '@nebula/stack/checkout/lock'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { command, interruptible, main } from './lib/command.ts'
import { confirm } from './lib/confirm.ts'
import { modeOption, quietOption } from './lib/options.ts'
import { withRenderer } from './lib/render/withRenderer.ts'
import { openCheckout } from './lib/stack.ts'
import { start } from './lib/start.ts'

const program = command('reset', 'Delete the stack with all its data, and start it again from nothing')
  .addOption(modeOption)
  .option('--yes', 'do not ask')
  .option('--no-up', 'delete only')
  .addOption(quietOption)
  .action((options) => interruptible((signal) => reset(options, signal)))

async function reset(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode | undefined> {
  const { root, driver } = await openCheckout(options.mode)
  if (!options.yes && !(await confirmed(driver.data, signal))) return ExitCode.Failed
  {
    await using _ = await acquireLock(root, 'reset')
    await withRenderer(driver.catalogue, options, (onEvent) => driver.erase(onEvent))
  }
  if (!options.up) return ExitCode.Green
  const stack = await openCheckout(driver.mode)
  return await start(stack, { ...options, signal }, (upOptions) => stack.driver.up(upOptions))
}

async function confirmed(data: string, signal: AbortSignal): Promise<boolean> {
  return await confirm({
    question: `Delete ${data}?`,
    otherwise: `reset deletes ${data}`,
    hint: 'npm run reset -- --yes',
    signal,
  })
}

await main(program)
