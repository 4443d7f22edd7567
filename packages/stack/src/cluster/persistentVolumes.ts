import { z } from 'zod'
import { execText } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl } from './kubeObjects.ts'
import { serviceManifests } from './serviceManifests.ts'

const ClaimManifest = z.object({
  kind: z.literal('PersistentVolumeClaim'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    accessModes: z.array(z.string()),
    resources: z.object({ requests: z.object({ storage: z.string() }) }),
  }),
})
const WorkloadManifest = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        securityContext: z.object({ fsGroup: z.int().optional() }).default({}),
        volumes: z
          .array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() }))
          .default([]),
      }),
    }),
  }),
})
const Volumes = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }), status: z.object({ phase: z.string() }) })),
})

/** What a manifest asks for, to keep data in. */
interface Claim {
  readonly name: string
  readonly accessModes: readonly string[]
  /** Kubernetes' own way to write a size: 2Gi. */
  readonly storage: string
  /** The fsGroup of the pod that uses it; 0 when it has none. */
  readonly group: number
}

/** k3s' storage class, which claims without one get. */
const STORAGE_CLASS = 'local-path'
const LABELS = { 'app.kubernetes.io/managed-by': 'nebula' }

/**
 * $1: the folder of all; then folders of claims, each with its group. As k3s' own: closed above, open below. The kubelet
 * gives a folder that is not its pod's group's to the group, with all that is in it (Kubernetes 1.36,
 * pkg/volume/volume_linux.go), and PostgreSQL refuses to start on files that a group may write to: so it is made the
 * group's before the kubelet looks.
 */
const PREPARE = `set -eu
mkdir -p -m 0700 "$1"; shift
while [ $# -gt 0 ]; do
  mkdir -p "$1"
  chown "0:$2" "$1"
  chmod 2777 "$1"
  shift 2
done
`

/** Where the data of a claim is, in the node. */
function folderOf({ data }: Pick<ClusterDefinition, 'data'>, claim: string): string {
  return `${foldersOf({ data })}/${claim}`
}

/** The folder that has one for each claim. */
export function foldersOf({ data }: Pick<ClusterDefinition, 'data'>): string {
  return `${data.path}/volumes`
}

/**
 * Binds the claims of the manifests to folders of the data volume. On any other Kubernetes, claims get what its storage
 * class gives; here they find a volume that waits for them by name.
 * @throws NebulaError when the node or the cluster does not do as told.
 */
export async function ensurePersistentVolumes(root: string, definition: ClusterDefinition): Promise<void> {
  const claims = await claimsOf(root)
  if (claims.length === 0) return
  const argv = kubectl(definition)
  const listed = await execText([...argv, 'get', 'persistentvolumes', '-l', selector(LABELS), '-o', 'json'])
  const phases = new Map(
    Volumes.parse(JSON.parse(listed)).items.map(({ metadata, status }) => [metadata.name, status.phase]),
  )
  // Its claim was deleted, with the namespace say. It is kept for that one claim, which will not come again.
  const released = [...phases].filter(([, phase]) => phase === 'Released' || phase === 'Failed').map(([name]) => name)
  if (released.length > 0) await execText([...argv, 'delete', 'persistentvolume', ...released])
  const isBound = ({ name }: Claim) => {
    const volume = nameOf(definition, name)
    return phases.has(volume) && !released.includes(volume)
  }
  const missing = claims.filter((claim) => !isBound(claim))
  if (missing.length === 0) return
  const folders = missing.flatMap(({ name, group }) => [folderOf(definition, name), String(group)])
  await execText([
    'docker', 'exec', definition.node, 'sh', '-c', PREPARE, 'prepare', foldersOf(definition), ...folders,
  ]) // biome-ignore format: one command
  const items = missing.map((claim) => persistentVolume(definition, claim))
  await execText([...argv, 'apply', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) })
}

async function claimsOf(root: string): Promise<readonly Claim[]> {
  const objects = await serviceManifests(root)
  const claims = objects.flatMap((object) => ClaimManifest.safeParse(object).data ?? [])
  const groups = new Map<string, number>()
  for (const { spec } of objects.flatMap((object) => WorkloadManifest.safeParse(object).data ?? [])) {
    const { securityContext, volumes } = spec.template.spec
    for (const { persistentVolumeClaim: claim } of volumes)
      if (claim) groups.set(claim.claimName, securityContext.fsGroup ?? 0)
  }
  return claims.map(({ metadata: { name }, spec: { accessModes, resources } }) => ({
    name,
    accessModes,
    storage: resources.requests.storage,
    group: groups.get(name) ?? 0,
  }))
}

function persistentVolume(definition: ClusterDefinition, claim: Claim): object {
  const { namespace, node } = definition
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: nameOf(definition, claim.name), labels: LABELS },
    spec: {
      capacity: { storage: claim.storage },
      accessModes: claim.accessModes,
      storageClassName: STORAGE_CLASS,
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim.name },
      local: { path: folderOf(definition, claim.name) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
    },
  }
}

/** Names of persistent volumes are the cluster's, not a namespace's. */
function nameOf({ namespace }: ClusterDefinition, claim: string): string {
  return `${namespace}-${claim}`
}

function selector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}
