import { allImages } from '@nebula/stack/cluster/images'
import { command, interruptible, main } from './lib/command.ts'
import { openCluster } from './lib/stack.ts'
import { buildStandIns, hasStandIn } from './lib/standIns.ts'

const program = command('images', 'The published images that the stack runs and builds on, one a line')
  .option('--without-stand-ins', 'only those that this repository has no stand-in for')
  .option(
    '--build-stand-ins',
    'build the stand-ins into the local Docker, under the names of the images they stand in for',
  )
  .action((options) =>
    interruptible(async (signal) => {
      const { root, definition } = await openCluster()
      const images = await allImages(root, definition)
      if (options.buildStandIns) await buildStandIns(root, images, signal)
      for (const image of images) {
        if (!options.withoutStandIns || !hasStandIn(image)) process.stdout.write(`${image}\n`)
      }
      return undefined
    }),
  )

await main(program)
