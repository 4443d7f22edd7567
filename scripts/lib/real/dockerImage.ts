import { STAND_IN_LABELS, upstreamDigest } from '@nebula/stack/cluster/localImage'
import { z } from 'zod'
import { ask, textOf } from '../programs.ts'

/** An image as one Docker has it. */
export interface DockerImage {
  readonly reference: string
  /** Of the manifest that a registry gave; null when none did. */
  readonly digest: string | null
  readonly bytes: number
  readonly platform: string
  /** Why it is not what its publisher made, for a person; null when nothing speaks against it. */
  readonly standIn: string | null
}

const Inspected = z.array(
  z.object({
    RepoDigests: z.array(z.string()).nullish(),
    Size: z.number().default(0),
    Os: z.string().default('unknown'),
    Architecture: z.string().default('unknown'),
    Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
  }),
)

const Info = z.object({
  ServerVersion: z.string(),
  Driver: z.string(),
  DriverStatus: z.array(z.array(z.string())).nullish(),
  OSType: z.string(),
  Architecture: z.string(),
})

/** What a Docker is, for a person: version, image store, architecture. */
export async function describeDocker(docker: readonly string[]): Promise<string> {
  const info = Info.parse(JSON.parse(await textOf(ask`${docker} info --format ${'{{json .}}'}`)))
  const isContainerd = (info.DriverStatus ?? []).some(([, value]) => value?.includes('containerd.snapshotter'))
  const store = isContainerd ? "containerd's image store" : info.Driver
  return `Docker ${info.ServerVersion}, ${store}, ${info.OSType}/${info.Architecture}`
}

/**
 * Looks at images.
 * @param docker how to call the Docker that has them.
 * @throws NebulaError when one is not there.
 */
export async function inspectImages(
  docker: readonly string[],
  references: readonly string[],
): Promise<readonly DockerImage[]> {
  const found = Inspected.parse(JSON.parse(await textOf(ask`${docker} image inspect ${references}`)))
  return references.flatMap((reference, index) => {
    const inspected = found[index]
    return inspected === undefined ? [] : [describe(reference, inspected)]
  })
}

function describe(reference: string, found: z.infer<typeof Inspected>[number]): DockerImage {
  const digest = upstreamDigest(reference, found.RepoDigests ?? [])
  const labels = found.Config?.Labels ?? {}
  const label = STAND_IN_LABELS.find((name) => labels[name] !== undefined)
  const noDigest = digest === null ? 'built locally: no registry digest' : null
  return {
    reference,
    digest,
    bytes: found.Size,
    platform: `${found.Os}/${found.Architecture}`,
    standIn: label === undefined ? noDigest : `stand-in (label ${label})`,
  }
}
