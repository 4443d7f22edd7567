import { z } from 'zod'
import { exec, execText } from '../exec.ts'
import type { ClusterDefinition } from './definition.ts'
import { type ImageReference, parseImage } from './images.ts'

export interface MirrorResult {
  readonly pushed: readonly string[]
  /** Already in the registry, as this Docker has them. */
  readonly present: readonly string[]
  /** Not in this Docker: the cluster pulls them from upstream. */
  readonly upstream: readonly string[]
}

const PUSH_TIMEOUT_MS = 600_000
const Images = z.array(z.object({ Id: z.string(), RepoTags: z.array(z.string()).nullable() }))
const Manifest = z.looseObject({ config: z.object({ digest: z.string() }).optional() })
const MANIFEST_TYPES = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/**
 * Puts the images that the local Docker has into the project's registry, which the cluster uses as a mirror of the
 * public ones. A cluster that was rebuilt then pulls in a second, and an offline machine pulls nothing.
 * @throws NebulaError when a push fails.
 */
export async function mirrorImages(
  references: readonly string[],
  definition: ClusterDefinition,
  options: { signal?: AbortSignal; onPush?: (image: string) => void } = {},
): Promise<MirrorResult> {
  const result = { pushed: [] as string[], present: [] as string[], upstream: [] as string[] }
  const images = references.map(parseImage).filter((image) => image !== null)
  await Promise.all(
    images.map(async (image) => {
      const localId = await imageId(image)
      if (localId === null) return void result.upstream.push(image.reference)
      if ((await idsInRegistry(image, definition)).includes(localId)) return void result.present.push(image.reference)
      options.onPush?.(image.reference)
      await push(image, definition, options.signal)
      result.pushed.push(image.reference)
    }),
  )
  return result
}

async function imageId(image: ImageReference): Promise<string | null> {
  const inspected = await exec(['docker', 'image', 'inspect', image.reference])
  if (inspected.exitCode !== 0) return null
  return Images.parse(JSON.parse(inspected.stdout))[0]?.Id ?? null
}

/** The manifest's and the configuration's digest: which of them is the image's id depends on Docker's image store. */
async function idsInRegistry(image: ImageReference, definition: ClusterDefinition): Promise<readonly string[]> {
  const url = `http://127.0.0.1:${definition.registryPort}/v2/${image.repository}/manifests/${image.tag}`
  const response = await fetch(url, { headers: { accept: MANIFEST_TYPES.join(', ') } })
  if (!response.ok) return []
  const manifest = Manifest.parse(await response.json())
  return [response.headers.get('docker-content-digest'), manifest.config?.digest].filter((id) => typeof id === 'string')
}

async function push(
  image: ImageReference,
  definition: ClusterDefinition,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = `127.0.0.1:${definition.registryPort}/${image.repository}:${image.tag}`
  await execText(['docker', 'tag', image.reference, name])
  try {
    await execText(['docker', 'push', '--quiet', name], { timeoutMs: PUSH_TIMEOUT_MS, ...(signal ? { signal } : {}) })
  } finally {
    // Only the extra name goes.
    await exec(['docker', 'image', 'rm', '--no-prune', name])
  }
}
