import { attempt } from '../system/attempt.ts'
import { dockerClientApiVersion } from '../system/dockerEngine.ts'
import { exec } from '../system/exec.ts'
import { lastLines } from '../system/text.ts'
import type { ImageLock } from './imageLock.ts'
import { parseImage } from './images.ts'
import { type LocalImage, localImage } from './localImage.ts'

/** An image that this machine could not get, and why. */
export interface FailedPull {
  readonly image: string
  readonly reason: string
  /** Whether the registry could not even be asked. */
  readonly unreachable: boolean
  /** What the lock wants, null when it does not say, and what this Docker has under the name instead. */
  readonly expected: string | null
  readonly found: string | null
}

export interface PullResult {
  readonly present: readonly string[]
  readonly pulled: readonly string[]
  readonly failed: readonly FailedPull[]
  /** The digests of those that the lock had none for. Only what a registry gave: nothing that was made here. */
  readonly recorded: Readonly<Record<string, string>>
}

const AT_A_TIME = 3
const PULL_TIMEOUT_MS = 600_000
/** No answer, or none of the registry's own; one that allows no more pulls for now, or forbids this machine, allows the node none. */
const UNREACHABLE = new RegExp(
  [
    'no such host|server misbehaving|name resolution|no route to host|unreachable|network is down',
    'time-?out|timed out|deadline exceeded|did not end|refused|connection reset|broken pipe|\\bEOF\\b|proxyconnect',
    'x509|certificate|tls:|toomanyrequests|\\b429\\b|\\b403\\b|\\b407\\b|\\b5\\d\\d ',
  ].join('|'),
  'i',
)

export interface PullOptions {
  readonly signal?: AbortSignal | undefined
  readonly onPull?: (image: string) => void
  /** Asks the registry for those that are there too: they may be other ones, built here under the published name. */
  readonly evenIfPresent?: boolean
  /** How to call Docker, when it is not this machine's. */
  readonly docker?: readonly string[]
  /** What the images have to be. One that it names is pulled by its digest, wherever the tag leads by now. */
  readonly lock?: ImageLock
  /** Those that need not be in this Docker: the cluster's registry has them as they are locked. */
  readonly held?: ReadonlySet<string>
}

/**
 * Gets images into a Docker, those that it does not have or has others of. What was made here under a published name stays.
 * `up` passes them on to the cluster. One that cannot be had keeps no other from being pulled, except that a registry that
 * cannot be reached is not asked again.
 */
export async function pullImages(images: readonly string[], options: PullOptions = {}): Promise<PullResult> {
  const docker = options.docker ?? ['docker']
  const apiVersion = await dockerClientApiVersion(docker)
  const present: string[] = []
  const pulled: string[] = []
  const failed: FailedPull[] = []
  const recorded: Record<string, string> = {}
  const unreachable = new Map<string, string>()

  const take = async (image: string) => {
    const expected = options.lock?.[image] ?? null
    const local = await localImage(image, apiVersion, docker)
    const isMade = local.from === 'stand-in' || local.from === 'built'
    const isIt = isMade || isLocked(local, expected) || (local.from === 'absent' && options.held?.has(image))
    if (isIt && !options.evenIfPresent) {
      if (expected === null && local.from === 'pulled' && local.digest) recorded[image] = local.digest
      return void present.push(image)
    }
    options.onPull?.(image)
    const host = parseImage(image)?.host ?? ''
    const reason = unreachable.get(host) ?? (await pull(docker, image, expected, options.signal))
    if (reason !== null) {
      const isUnreachable = UNREACHABLE.test(reason)
      if (isUnreachable) unreachable.set(host, reason)
      const found = isMade ? null : local.digest
      return void failed.push({ image, reason, unreachable: isUnreachable, expected, found })
    }
    pulled.push(image)
    if (expected !== null) return
    const { digest } = await localImage(image, apiVersion, docker)
    if (digest) recorded[image] = digest
  }

  const queue = [...images]
  const work = async () => {
    for (let image = queue.shift(); image !== undefined; image = queue.shift()) await take(image)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return { present, pulled, failed, recorded }
}

function isLocked({ from, digest }: LocalImage, expected: string | null): boolean {
  return from !== 'absent' && (expected === null || expected === digest)
}

/** @returns why it failed, or null. */
async function pull(
  docker: readonly string[],
  image: string,
  digest: string | null,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const wanted = digest === null ? image : `${image.replace(/:[\w.-]+$/, '')}@${digest}`
  const result = await attempt(exec([...docker, 'pull', '--quiet', wanted], { timeoutMs: PULL_TIMEOUT_MS, signal }))
  signal?.throwIfAborted()
  if (result instanceof Error) return result.message
  if (result.exitCode !== 0) return lastLines(result.stderr, 1) || 'docker pull failed'
  if (digest === null) return null
  // A pull by digest names nothing; the cluster, k3d and builds ask for the tag.
  const tagged = await exec([...docker, 'tag', wanted, image])
  return tagged.exitCode === 0 ? null : lastLines(tagged.stderr, 1) || 'docker tag failed'
}
