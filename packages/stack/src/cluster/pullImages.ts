import { attempt } from '../system/attempt.ts'
import { exec } from '../system/exec.ts'
import { lastLines } from '../system/text.ts'
import { parseImage } from './images.ts'

export interface PullResult {
  readonly present: readonly string[]
  readonly pulled: readonly string[]
  /** What this machine could not get, and why. */
  readonly failed: readonly { readonly image: string; readonly reason: string }[]
}

const AT_A_TIME = 3
const PULL_TIMEOUT_MS = 600_000
const UNREACHABLE = /no such host|timeout|refused|unreachable|network is down|deadline exceeded|did not end/i

export interface PullOptions {
  readonly signal?: AbortSignal | undefined
  readonly onPull?: (image: string) => void
  /** Asks the registry for those that are there too: they may be other ones, built here under the published name. */
  readonly evenIfPresent?: boolean
  /** How to call Docker, when it is not this machine's. */
  readonly docker?: readonly string[]
}

/**
 * Gets images into the local Docker, those that it does not have. `up` passes them on to the cluster. One that cannot
 * be had keeps no other from being pulled, except that a registry that cannot be reached is not asked again.
 */
export async function pullImages(images: readonly string[], options: PullOptions = {}): Promise<PullResult> {
  const docker = options.docker ?? ['docker']
  const present: string[] = []
  const pulled: string[] = []
  const failed: { image: string; reason: string }[] = []
  const unreachable = new Map<string, string>()
  const queue = [...images]
  const work = async () => {
    for (let image = queue.shift(); image !== undefined; image = queue.shift()) {
      const host = parseImage(image)?.host ?? ''
      if (!options.evenIfPresent && (await isPresent(docker, image))) {
        present.push(image)
        continue
      }
      options.onPull?.(image)
      const reason = unreachable.get(host) ?? (await pull(docker, image, options.signal))
      if (reason === null) pulled.push(image)
      else failed.push({ image, reason })
      if (reason !== null && UNREACHABLE.test(reason)) unreachable.set(host, reason)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return { present, pulled, failed }
}

/** Containerd's image store also names an image that it has for other platforms only, and then without one. */
async function isPresent(docker: readonly string[], image: string): Promise<boolean> {
  const { exitCode, stdout } = await exec([...docker, 'image', 'inspect', '--format', '{{.Architecture}}', image])
  return exitCode === 0 && stdout.trim() !== ''
}

/** @returns why it failed, or null. */
async function pull(docker: readonly string[], image: string, signal: AbortSignal | undefined): Promise<string | null> {
  const argv = [...docker, 'pull', '--quiet', image]
  const result = await attempt(exec(argv, { timeoutMs: PULL_TIMEOUT_MS, signal }))
  signal?.throwIfAborted()
  if (result instanceof Error) return result.message
  return result.exitCode === 0 ? null : lastLines(result.stderr, 1) || 'docker pull failed'
}
