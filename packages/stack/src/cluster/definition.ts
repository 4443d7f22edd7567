import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { z } from 'zod'
import type { Catalogue } from '../catalogue/schema.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'

const Registry = z.looseObject({ kind: z.literal('Registry'), name: z.string(), port: z.int(), image: z.string() })
const Cluster = z.looseObject({
  kind: z.literal('Cluster'),
  name: z.string().startsWith('k3d-'),
  registry: z.string(),
  k3d: z.looseObject({
    v1alpha5Simple: z.looseObject({
      image: z.string(),
      volumes: z.array(z.looseObject({ volume: z.string() })).default([]),
    }),
  }),
})
const Definition = z.tuple([Registry, Cluster])

/** What infra/ctlptl.yaml says: the cluster, its registry, and the parts of the file that ctlptl takes. */
export interface ClusterDefinition {
  readonly file: string
  /** kubeconfig context, `k3d-nebula`. */
  readonly context: string
  /** k3d's own name for it, `nebula`. */
  readonly k3dName: string
  readonly namespace: string
  readonly registryName: string
  readonly registryPort: number
  /** The container of the one server, which is the name of the Kubernetes node too. */
  readonly node: string
  /** The Docker volume with the data of all services, and where nodes have it. */
  readonly data: { readonly volume: string; readonly path: string }
  /** The `k3d:` part, as ctlptl keeps it in the cluster. */
  readonly k3d: unknown
  /** The registry's document alone: applying it never touches a cluster. */
  readonly registryYaml: string
  /** Images that the definition itself runs. */
  readonly images: readonly string[]
}

/**
 * Reads the cluster's definition.
 * @throws NebulaError when the file is not one Registry followed by one Cluster, or names another cluster than stack.yaml.
 */
export async function loadClusterDefinition(root: string, catalogue: Catalogue): Promise<ClusterDefinition> {
  const file = path.join(root, catalogue.cluster.definition)
  const documents = parseAllDocuments(await readFile(file, 'utf8'))
  const parsed = Definition.safeParse(documents.map((document) => document.toJS()))
  if (!parsed.success) throw invalid(catalogue, z.prettifyError(parsed.error))
  const [registry, cluster] = parsed.data
  if (cluster.name !== catalogue.cluster.name) {
    throw invalid(
      catalogue,
      `it defines the cluster ${cluster.name}, infra/stack.yaml expects ${catalogue.cluster.name}`,
    )
  }
  const { dataVolume } = catalogue.cluster
  const { volumes } = cluster.k3d.v1alpha5Simple
  const mount = volumes.map(({ volume }) => volume.split(':')).find(([name]) => name === dataVolume)?.[1]
  if (mount === undefined) {
    throw invalid(catalogue, `no node has the volume ${dataVolume}, where infra/stack.yaml expects all data to be`)
  }
  return {
    file,
    context: cluster.name,
    k3dName: cluster.name.slice('k3d-'.length),
    namespace: catalogue.cluster.namespace,
    registryName: registry.name,
    registryPort: registry.port,
    node: `${cluster.name}-server-0`,
    data: { volume: dataVolume, path: mount },
    k3d: cluster.k3d,
    registryYaml: stringify(registry),
    images: [registry.image, cluster.k3d.v1alpha5Simple.image],
  }
}

function invalid({ cluster }: Catalogue, reason: string): NebulaError {
  return new NebulaError(`${cluster.definition}: ${reason}`, {
    code: 'CLUSTER_DEFINITION_INVALID',
    hint: `git diff ${cluster.definition}`,
    exitCode: ExitCode.Precondition,
  })
}
