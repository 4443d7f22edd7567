import { loadImageLock } from '@nebula/stack/cluster/imageLock'
import { pullImages } from '@nebula/stack/cluster/pullImages'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { type DockerImage, describeDocker, inspectImages } from './dockerImage.ts'
import type { RealRun } from './realRun.ts'

const REFERENCE_WIDTH = 48

/**
 * Pulls images, asking the registry even for those that are there, says what came, and refuses what is a stand-in. A
 * rehearsal pulls only what is missing, does without what cannot be had, and names the stand-ins.
 * @param docker how to call the Docker to pull into.
 * @throws NebulaError when one cannot be had, with the registry's words, or is a stand-in.
 */
export async function takePublishedImages(
  run: RealRun,
  docker: readonly string[],
  references: readonly string[],
): Promise<void> {
  const { journal, root, signal, rehearsal, facts } = run
  let engine = ''
  const missing = new Set<string>()
  await journal.step('pull images', async () => {
    engine = await describeDocker(docker)
    facts.engines.push(engine)
    const lock = await loadImageLock(root)
    const options = { signal, docker, lock, evenIfPresent: !rehearsal }
    const { pulled, present, failed } = await pullImages(references, options)
    if (failed.length > 0 && !rehearsal) throw notPulled(references.length, failed)
    for (const { image } of failed) missing.add(image)
    if (!rehearsal) return `${pulled.length} pulled`
    return `${pulled.length} pulled, ${present.length} taken as they are, ${missing.size} done without`
  })
  const images = await inspectImages(
    docker,
    references.filter((reference) => !missing.has(reference)),
  )
  process.stdout.write(`    ${engine}\n`)
  for (const image of images) process.stdout.write(`    ${line(image)}\n`)
  facts.images.push(...images.map(row))
  await journal.step('no stand-ins', async () => {
    const standIns = images.filter((image) => image.standIn !== null)
    if (standIns.length === 0) return `${images.length} images as published`
    if (rehearsal) return `${standIns.length} of ${images.length} are stand-ins`
    throw standInsFound(standIns)
  })
}

function notPulled(all: number, failed: readonly { image: string; reason: string }[]): NebulaError {
  const reasons = failed.map(({ image, reason }) => `  ${image}\n    ${reason}`)
  return new NebulaError([`${failed.length} of ${all} images could not be pulled`, ...reasons].join('\n'), {
    code: 'IMAGES_NOT_PULLED',
    hint: `docker pull ${failed[0]?.image}`,
  })
}

function standInsFound(standIns: readonly DockerImage[]): NebulaError {
  const reasons = standIns.map(({ reference, standIn }) => `  ${reference}\n    ${standIn}`)
  return new NebulaError(['not the published images:', ...reasons].join('\n'), {
    code: 'STAND_INS_FOUND',
    hint: `docker image rm ${standIns.map(({ reference }) => reference).join(' ')}`,
    exitCode: ExitCode.Precondition,
  })
}

function line({ reference, digest, bytes }: DockerImage): string {
  const short = reference.replace(/:([0-9a-f]{12})[0-9a-f]{28}$/, ':$1')
  const name = short.length <= REFERENCE_WIDTH ? short : `…${short.slice(1 - REFERENCE_WIDTH)}`
  const id = digest?.slice('sha256:'.length, 'sha256:'.length + 12) ?? 'no digest'
  return `${name.padEnd(REFERENCE_WIDTH)}  ${id.padEnd(12)}  ${megabytes(bytes).padStart(7)}`
}

/** A row of the summary's table. */
function row({ reference, digest, bytes, platform, standIn }: DockerImage): string {
  return `| \`${reference}\` | ${digest ? `\`${digest}\`` : 'none'} | ${platform} | ${megabytes(bytes)} | ${standIn ?? 'no'} |`
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`
}
