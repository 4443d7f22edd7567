import { acquireLock } from '@nebula/stack/checkout/lock'
import { command, interruptible, main } from './lib/command.ts'
import { modeOption, quietOption } from './lib/options.ts'
import { withRenderer } from './lib/render/withRenderer.ts'
import { openCheckout } from './lib/stack.ts'

const program = command('down', 'Stop the stack; its data stays')
  .addOption(modeOption)
  .addOption(quietOption)
  .action((options) =>
    interruptible(async () => {
      const { root, driver } = await openCheckout(options.mode)
      await using _ = await acquireLock(root, 'down')
      await withRenderer(driver.catalogue, options, (onEvent) => driver.down(onEvent))
      return undefined
    }),
  )

await main(program)
