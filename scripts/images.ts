import { allImages } from '@nebula/stack/cluster/images'
import { pullImages } from '@nebula/stack/cluster/pullImages'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { shapeReports } from './lib/shapeReport.ts'
import { openCluster } from './lib/stack.ts'
import { buildStandIns, hasStandIn } from './lib/standIns.ts'

const program = command('images', 'List the published images that the stack runs and builds on, one per line')
  .option('--without-stand-ins', 'only those that this repository has no stand-in for')
  .option(
    '--build-stand-ins',
    'build the stand-ins into the local Docker, under the names of the images they stand in for',
  )
  .option('--pull', 'pull the images that the local Docker lacks, so that `up` can use them offline')
  .option('--check', 'compare the local images of these names with infra/images.yaml')
  .action((options) =>
    interruptible(async (signal) => {
      const { root, definition } = await openCluster()
      const images = await allImages(root, definition)
      if (options.buildStandIns) await buildStandIns(root, images, signal)
      if (options.pull) await pull(images, signal)
      if (options.check) return await check(root, images)
      for (const image of images) {
        if (!options.withoutStandIns || !hasStandIn(image)) process.stdout.write(`${image}\n`)
      }
      return undefined
    }),
  )

async function pull(images: readonly string[], signal: AbortSignal): Promise<void> {
  const onPull = (image: string) => void process.stderr.write(`pulling ${image}\n`)
  const { failed } = await pullImages(images, { signal, onPull })
  if (failed.length === 0) return
  const reasons = failed.map(({ image, reason }) => `  ${image}: ${reason}`)
  throw new NebulaError(`${failed.length} of ${images.length} images could not be pulled:\n${reasons.join('\n')}`, {
    code: 'PULL_FAILED',
    hint: failed.every(({ image }) => hasStandIn(image))
      ? 'npm run images -- --build-stand-ins'
      : `docker pull ${failed[0]?.image}`,
    exitCode: ExitCode.Failed,
  })
}

/** Prints how each image that Docker has differs from its recorded shape. */
async function check(root: string, images: readonly string[]): Promise<ExitCode> {
  const reports = await shapeReports(root, images)
  for (const { reference, differences, standIn } of reports) {
    const note = standIn === undefined ? '' : pc.yellow(`  stand-in: ${standIn}`)
    if (!differences) print(`${pc.dim('·')} ${reference}: not in the local Docker`)
    else print(`${differences.length > 0 ? pc.red('✗') : pc.green('✓')} ${reference}${note}`)
    for (const difference of differences ?? []) print(`    ${difference}`)
  }
  return reports.some(({ differences }) => differences?.length) ? ExitCode.Failed : ExitCode.Green
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

await main(program)
