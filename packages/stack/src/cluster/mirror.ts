import { NebulaError } from '../errors/nebulaError.ts'
import { attempt } from '../system/attempt.ts'
import { dockerClientApiVersion } from '../system/dockerEngine.ts'
import { exec } from '../system/exec.ts'
import { lastLines } from '../system/text.ts'
import { compareVersions } from '../system/version.ts'
import type { ClusterDefinition } from './definition.ts'
import type { ImageLock } from './imageLock.ts'
import { type ImageReference, parseImage } from './images.ts'
import { inspectImage, upstreamDigest } from './localImage.ts'
import { Registry } from './registry.ts'

export interface MirrorResult {
  readonly pushed: readonly string[]
  /** Already in the registry, as this Docker has them. */
  readonly present: readonly string[]
  /** Not in this Docker: the cluster pulls them from upstream. */
  readonly upstream: readonly string[]
  /** In this Docker, and not to be pushed: the cluster pulls them from upstream too. */
  readonly failed: readonly { readonly image: string; readonly reason: string }[]
}

export interface MirrorOptions {
  readonly signal?: AbortSignal | undefined
  readonly onPush?: (image: string) => void
  /** What the images have to be: the registry remembers which of them are. */
  readonly lock?: ImageLock
}

/** An image as the local Docker has it. */
interface PushableImage {
  /** Names the content: the configuration, the manifest or the index, depending on Docker's image store. */
  readonly id: string
  /** What `docker run` takes of it: `linux/amd64`. */
  readonly platform: string
  readonly repoDigests: readonly string[]
}

type Definition = Pick<ClusterDefinition, 'registryPort'>

const PUSH_TIMEOUT_MS = 600_000
/** Docker 27, whose `docker push` takes a platform. */
const PUSHES_A_PLATFORM = '1.46'

/**
 * Puts the images that the local Docker has into the project's registry, which the cluster uses as a mirror of the
 * public ones. A cluster that was rebuilt then pulls in a second, and an offline machine pulls nothing. One that cannot
 * be pushed is named in the result and keeps no other from being pushed: the cluster still has the public registry.
 * @throws the signal's reason when it aborts.
 */
export async function mirrorImages(
  references: readonly string[],
  definition: Definition,
  options: MirrorOptions = {},
): Promise<MirrorResult> {
  const result = { pushed: [] as string[], present: [] as string[], upstream: [] as string[] }
  const failed: { image: string; reason: string }[] = []
  const images = references.map(parseImage).filter((image) => image !== null)
  const pushPlatform = pushesPlatform(await dockerClientApiVersion())
  await Promise.all(
    images.map(async (image) => {
      const outcome = await attempt(mirrorImage(image, definition, { ...options, pushPlatform }))
      options.signal?.throwIfAborted()
      if (outcome instanceof Error) failed.push({ image: image.reference, reason: outcome.message })
      else result[outcome].push(image.reference)
    }),
  )
  return { ...result, failed }
}

/** What a person should know of a mirror's result, a line for each reason. */
export function mirrorWarnings({ failed }: MirrorResult): readonly string[] {
  return Object.entries(Object.groupBy(failed, ({ reason }) => reason)).map(([reason, same = []]) => {
    const hosts = new Set(same.map(({ image }) => parseImage(image)?.host))
    const names = same.map(({ image }) => image).join(', ')
    return `not in the cluster's registry (${reason}): the node pulls from ${[...hosts].join(' and ')}: ${names}`
  })
}

function pushesPlatform(apiVersion: string | null): boolean {
  return apiVersion !== null && compareVersions(apiVersion, PUSHES_A_PLATFORM) >= 0
}

async function mirrorImage(
  image: ImageReference,
  definition: Definition,
  options: MirrorOptions & { readonly pushPlatform: boolean },
): Promise<'pushed' | 'present' | 'upstream'> {
  const local = await inspect(image.reference)
  if (local === null) return 'upstream'
  const registry = new Registry(definition)
  const { repository, tag } = image
  // The registry itself remembers what was pushed: what is in it often has another digest than what is here.
  const memory = `local-${local.id.replace(/^.*:/, '')}`
  const [held, remembered] = await Promise.all([registry.digest(repository, tag), registry.digest(repository, memory)])
  if (held !== null && held === remembered) return 'present'
  options.onPush?.(image.reference)
  const platform = options.pushPlatform ? ['--platform', local.platform] : []
  await push(image.reference, `127.0.0.1:${definition.registryPort}/${repository}:${tag}`, platform, options.signal)
  await registry.tag(repository, tag, memory)
  const locked = options.lock?.[image.reference]
  if (locked && upstreamDigest(image.reference, local.repoDigests) === locked)
    await registry.tag(repository, tag, lockedTag(locked))
  return 'pushed'
}

/**
 * Those of the images that the registry has as they are locked, so that the cluster needs no Docker that has them too. Those
 * of a registry that does not answer are none of them.
 */
export async function heldAsLocked(
  references: readonly string[],
  definition: Definition,
  lock: ImageLock,
): Promise<ReadonlySet<string>> {
  const registry = new Registry(definition)
  const held = await Promise.all(
    references.map(async (reference) => {
      const [image, digest] = [parseImage(reference), lock[reference]]
      if (!image || !digest) return []
      const tags = [image.tag, lockedTag(digest)].map((tag) => registry.digest(image.repository, tag))
      const found = await attempt(Promise.all(tags))
      return !(found instanceof Error) && found[0] !== null && found[0] === found[1] ? [reference] : []
    }),
  )
  return new Set(held.flat())
}

/** A second tag of what was pushed from an image that has this digest upstream. */
function lockedTag(digest: string): string {
  return digest.replace(/^sha256:/, 'locked-')
}

/** @returns null when it is not there. */
async function inspect(reference: string): Promise<PushableImage | null> {
  const found = await inspectImage(reference)
  if (!found) return null
  const platform = [found.Os, found.Architecture, found.Variant].filter(Boolean).join('/')
  return { id: found.Id, platform, repoDigests: found.RepoDigests ?? [] }
}

async function push(
  reference: string,
  name: string,
  platform: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await docker(['tag', reference, name])
  try {
    await docker(['push', '--quiet', ...platform, name], signal)
  } finally {
    // Only the extra name goes.
    await exec(['docker', 'image', 'rm', '--no-prune', name])
  }
}

async function docker(args: readonly string[], signal?: AbortSignal): Promise<void> {
  const { exitCode, stderr } = await exec(['docker', ...args], {
    timeoutMs: PUSH_TIMEOUT_MS,
    signal,
  })
  if (exitCode === 0) return
  const said = lastLines(stderr, 1)
  throw new NebulaError(said || `docker ${args[0]} ended with exit code ${exitCode}`, { code: 'PUSH_FAILED' })
}
