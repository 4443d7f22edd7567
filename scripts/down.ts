import { downCluster } from '@nebula/stack/cluster/down'
import { acquireLock } from '@nebula/stack/lock'
import { command, interruptible, main } from './lib/command.ts'
import { chooseRenderer } from './lib/render/choose.ts'
import { openCluster } from './lib/stack.ts'

const program = command('down', 'Stop the stack; its data stays')
  .option('--quiet', 'show errors only')
  .action((options) =>
    interruptible(async () => {
      const context = await openCluster()
      await using _ = await acquireLock(context.root, 'down')
      const renderer = chooseRenderer(context.catalogue, { json: false, quiet: options.quiet === true })
      try {
        await downCluster(context, renderer.onEvent)
      } finally {
        renderer.stop()
      }
      return undefined
    }),
  )

await main(program)
