import { acquireLock } from '@nebula/stack/checkout/lock'
import { command, interruptible, main } from './lib/command.ts'
import { chooseRenderer } from './lib/render/choose.ts'
import { openDriver } from './lib/stack.ts'

const program = command('down', 'Stop the stack; its data stays')
  .option('--mode <mode>', 'cluster, embedded, or auto: what runs (NEBULA_MODE)')
  .option('--quiet', 'show errors only')
  .action((options) =>
    interruptible(async () => {
      const { root, driver } = await openDriver(options.mode)
      await using _ = await acquireLock(root, 'down')
      const renderer = chooseRenderer(driver.catalogue, { json: false, quiet: options.quiet === true })
      try {
        await driver.down(renderer.onEvent)
      } finally {
        renderer.stop()
      }
      return undefined
    }),
  )

await main(program)
