import { bringImages } from '@nebula/stack/cluster/bringImages'
import { IMAGE_LOCK_FILE, loadImageLock, recordDigests } from '@nebula/stack/cluster/imageLock'
import { allImages } from '@nebula/stack/cluster/images'
import { type PullResult, pullImages } from '@nebula/stack/cluster/pullImages'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { imageLines, imageReports } from './lib/imageReport.ts'
import { jsonOption } from './lib/options.ts'
import { shapeReports } from './lib/shapeReport.ts'
import { openCluster } from './lib/stack.ts'
import { buildStandIns, hasStandIn } from './lib/standIns.ts'

const program = command(
  'images',
  'Show the published images that the stack runs and builds on, and what is here of them',
)
  .option('--without-stand-ins', 'list only those that this repository has no stand-in for, one per line')
  .option(
    '--build-stand-ins',
    'build the stand-ins into the local Docker, under the names of the images they stand in for; list all, one per line',
  )
  .option('--pull', 'pull the images that the local Docker lacks or has others of, so that `up` can use them offline')
  .option('--update <images...>', `take what these tags name now, and record it in ${IMAGE_LOCK_FILE}`)
  .option('--check', 'compare the local images of these names with infra/images.yaml')
  .addOption(jsonOption)
  .action((options) =>
    interruptible(async (signal) => {
      const cluster = await openCluster()
      const { root, definition } = cluster
      const images = await allImages(root, definition)
      if (options.buildStandIns) await buildStandIns(root, images, signal)
      const { recorded } = options.pull ? await pull(root, images, signal) : { recorded: {} }
      const updated = options.update ? await update(root, options.update, signal) : {}
      if (options.check) return await check(root, images)
      if (options.withoutStandIns || options.buildStandIns) {
        for (const image of images) if (!options.withoutStandIns || !hasStandIn(image)) print(image)
        return undefined
      }
      const reports = await imageReports(cluster, { ...recorded, ...updated })
      const ok = reports.every(({ state }) => state !== 'differs')
      if (options.json) print(JSON.stringify({ ok, images: reports }))
      else for (const line of imageLines(reports)) print(line)
      return ok ? ExitCode.Green : ExitCode.Failed
    }),
  )

async function pull(root: string, images: readonly string[], signal: AbortSignal): Promise<PullResult> {
  return allPulled(await bringImages(root, images, { signal, onPull: sayPulling }))
}

/** @returns what was recorded, by image. */
async function update(root: string, images: readonly string[], signal: AbortSignal) {
  const lock = await loadImageLock(root)
  const unknown = images.filter((image) => !(image in lock))
  if (unknown.length > 0) {
    throw new NebulaError(`${IMAGE_LOCK_FILE} has no ${unknown.join(', ')}`, {
      code: 'IMAGE_UNKNOWN',
      hint: 'npm run images',
      exitCode: ExitCode.Usage,
    })
  }
  const { recorded } = allPulled(await pullImages(images, { signal, onPull: sayPulling, evenIfPresent: true }))
  await recordDigests(root, recorded)
  return recorded
}

/** @throws NebulaError with the reasons when some could not be pulled. */
function allPulled(result: PullResult): PullResult {
  const { present, pulled, failed } = result
  if (failed.length === 0) return result
  const reasons = failed.map(({ image, reason }) => `  ${image}: ${reason}`)
  const all = present.length + pulled.length + failed.length
  throw new NebulaError(`${failed.length} of ${all} images could not be pulled:\n${reasons.join('\n')}`, {
    code: 'PULL_FAILED',
    hint: failed.every(({ image }) => hasStandIn(image))
      ? 'npm run images -- --build-stand-ins'
      : `docker pull ${failed[0]?.image}`,
    exitCode: ExitCode.Failed,
  })
}

function sayPulling(image: string): void {
  process.stderr.write(`pulling ${image}\n`)
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
