import { z } from 'zod'
import { execText } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl } from './kubeObjects.ts'
import { foldersOf } from './persistentVolumes.ts'

const Mounts = z.tuple([
  z.object({ Image: z.string(), Mounts: z.array(z.object({ Name: z.string().default(''), Destination: z.string() })) }),
])
const Volumes = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        claimRef: z.object({ namespace: z.string(), name: z.string() }).optional(),
        hostPath: z.object({ path: z.string() }).optional(),
        local: z.object({ path: z.string() }).optional(),
      }),
    }),
  ),
})

/** Where an older cluster has the data of a claim: in the node itself. */
interface DataInNode {
  readonly claim: string
  readonly path: string
}

const COPY_TIMEOUT_MS = 1_800_000

/**
 * What a cluster of an earlier version of this repository has in its node, and would lose with it.
 * @returns empty when all data is in the volume already.
 * @throws NebulaError when the cluster does not answer.
 */
export async function dataInNode(definition: ClusterDefinition): Promise<readonly DataInNode[]> {
  const { node, namespace, data } = definition
  const [{ Mounts: mounts }] = await inspectNode(node)
  if (mounts.some(({ Name }) => Name === data.volume)) return []
  const listed = await execText([...kubectl(definition), 'get', 'persistentvolumes', '-o', 'json'])
  return Volumes.parse(JSON.parse(listed)).items.flatMap(({ spec }) => {
    const folder = spec.hostPath?.path ?? spec.local?.path
    return spec.claimRef?.namespace === namespace && folder ? [{ claim: spec.claimRef.name, path: folder }] : []
  })
}

/**
 * Copies the data of a stopped node into the volume, compares every file, and only then puts it in its place, all at
 * once. Where the volume has data already, it is put beside that. What is in the node stays as it is.
 * @returns the folder in the volume that it was put into.
 * @throws NebulaError when a file cannot be copied or differs.
 */
export async function moveDataOut(definition: ClusterDefinition, found: readonly DataInNode[]): Promise<string> {
  const { node, data } = definition
  const [{ Image }] = await inspectNode(node)
  // The node's own image: it is here, whatever cannot be pulled. The node's volumes are where the data is.
  const volumes = ['--volumes-from', node, '--volume', `${data.volume}:${data.path}`]
  const pairs = found.flatMap(({ claim, path }) => [claim, path])
  const said = await execText(
    ['docker', 'run', '--rm', '--network', 'none', ...volumes, '--entrypoint', 'sh', Image, '-c', COPY, 'copy', foldersOf(definition), ...pairs],
    { timeoutMs: COPY_TIMEOUT_MS },
  ) // biome-ignore format: one command
  return said.trim()
}

/** $1: the folder for all of it; then claims and where each one is. Prints the folder that it went to. */
const COPY = `set -eu
to=$1; shift
moving=$to.moving
rm -rf "$moving"
mkdir -m 0700 "$moving"
sums() { (cd "$1" && find . -type f -exec sha256sum {} + | sort); }
while [ $# -gt 0 ]; do
  cp -a "$2" "$moving/$1"
  if [ "$(sums "$2")" != "$(sums "$moving/$1")" ]; then echo "the copy of $1 differs" >&2; exit 1; fi
  shift 2
done
sync
if [ -e "$to" ]; then to=$to.$(date +%Y%m%d-%H%M%S); fi
mv "$moving" "$to"
sync
echo "$to"
`

async function inspectNode(node: string): Promise<z.infer<typeof Mounts>> {
  return Mounts.parse(JSON.parse(await execText(['docker', 'container', 'inspect', node])))
}
