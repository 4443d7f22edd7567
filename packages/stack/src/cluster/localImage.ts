import { z } from 'zod'
import { exec } from '../system/exec.ts'
import { parseJson } from '../system/text.ts'
import { compareVersions } from '../system/version.ts'
import { parseImage } from './images.ts'

/** An image as a Docker has it, and where it got it from. */
export interface LocalImage {
  /**
   * `absent`: not here, or for other platforms only. `stand-in`: it says itself that it stands in for the published one.
   * `built`: made or loaded here. `pulled`: a registry gave it. `unclear`: made here or pulled, this Docker does not say.
   */
  readonly from: 'absent' | 'stand-in' | 'built' | 'pulled' | 'unclear'
  /** Of what a registry gave, the index of all platforms where there is one; null for what no registry gave. */
  readonly digest: string | null
  readonly bytes: number
  /** Who it runs as; '' is root. */
  readonly user: string
}

/** What images carry that were built as stand-ins for published ones: ours, and those of a machine without registries. */
export const STAND_IN_LABELS = ['nebula.stand-in', 'lab.stamp'] as const

/** From this version of the API on containerd's image store says what was pulled, and from where. */
const SAYS_WHAT_WAS_PULLED = '1.53'

const Text = z.string().default('')
const Inspected = z.tuple([
  z.object({
    Id: Text,
    RepoDigests: z.array(z.string()).nullish(),
    Os: Text,
    Architecture: Text,
    Variant: Text,
    Size: z.number().default(0),
    Config: z.object({ User: Text, Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
    /** Of containerd's image store only. */
    Descriptor: z.unknown().optional(),
    Identity: z.object({ Pull: z.array(z.object({ Repository: z.string() })).nullish() }).nullish(),
  }),
])

const ABSENT: LocalImage = { from: 'absent', digest: null, bytes: 0, user: '' }

/**
 * Looks at what a Docker has under an image's name.
 * @param apiVersion what the docker command speaks with its engine; null when that is not known.
 * @param docker how to call it.
 */
export async function localImage(
  reference: string,
  apiVersion: string | null,
  docker: readonly string[] = ['docker'],
): Promise<LocalImage> {
  const found = await inspectImage(reference, docker)
  if (!found) return ABSENT
  const digest = upstreamDigest(reference, found.RepoDigests ?? [])
  const image = { bytes: found.Size, user: found.Config?.User ?? '' }
  if (STAND_IN_LABELS.some((label) => found.Config?.Labels?.[label] !== undefined))
    return { from: 'stand-in', digest: null, ...image }
  if (digest === null) return { from: 'built', digest, ...image }
  // The classic store has a digest of what a registry gave; containerd's gives one to whatever has a name.
  if (found.Descriptor === undefined) return { from: 'pulled', digest, ...image }
  if (found.Identity?.Pull?.some(({ Repository }) => isSame(reference, Repository)))
    return { from: 'pulled', digest, ...image }
  const says = apiVersion !== null && compareVersions(apiVersion, SAYS_WHAT_WAS_PULLED) >= 0
  return says ? { from: 'built', digest: null, ...image } : { from: 'unclear', digest, ...image }
}

/**
 * What Docker says of an image that it can run.
 * @returns null when it has none of this name. Containerd's image store also names an image that it has for other
 * platforms only, and then without one.
 */
export async function inspectImage(
  reference: string,
  docker: readonly string[] = ['docker'],
): Promise<z.infer<typeof Inspected>[0] | null> {
  const { exitCode, stdout } = await exec([...docker, 'image', 'inspect', reference])
  const found = exitCode === 0 ? Inspected.safeParse(parseJson(stdout)).data?.[0] : undefined
  return found?.Architecture ? found : null
}

/**
 * The digest that an image has in its own registry, of those that Docker knows of it. One that was pushed to the project's
 * registry has a digest of that one too, which says nothing.
 */
export function upstreamDigest(reference: string, repoDigests: readonly string[]): string | null {
  for (const entry of repoDigests) {
    const [name = '', digest] = entry.split('@')
    if (digest && isSame(reference, name)) return digest
  }
  return null
}

function isSame(reference: string, name: string): boolean {
  const [wanted, found] = [parseImage(reference), parseImage(`${name}:any`)]
  return found !== null && found.host === wanted?.host && found.repository === wanted.repository
}
