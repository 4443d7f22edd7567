import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { PodSpec } from '@nebula/stack/images/podSpec'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const Document = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) })
const Workload = z.looseObject({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet', 'Job']),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ template: z.looseObject({ spec: PodSpec }) }),
})
const ConfigMap = z.looseObject({ data: z.record(z.string(), z.string()) })

/** What runs pods, by its name: the id of its service. */
export interface PodWorkload {
  readonly name: string
  readonly kind: z.infer<typeof Workload>['kind']
  readonly pod: PodSpec
}

/** What the Kubernetes manifests of a checkout say, as far as it decides whether containers run. */
export interface Manifests {
  readonly workloads: readonly PodWorkload[]
  /** name -> key -> text */
  readonly configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>
}

export function readManifests(root: string): Manifests {
  const documents = globSync('infra/**/*.k8s.yaml', { cwd: root }).flatMap((file) =>
    parseAllDocuments(readFileSync(path.join(root, file), 'utf8')).map((document) => Document.parse(document.toJS())),
  )
  const workloads = documents.flatMap((document) => {
    const { success, data } = Workload.safeParse(document)
    if (success) return [{ name: data.metadata.name, kind: data.kind, pod: data.spec.template.spec }]
    // A pod template that does not parse is no reason to leave it out.
    if ('spec' in document && z.looseObject({ template: z.unknown() }).safeParse(document.spec).data?.template)
      Workload.parse(document)
    return []
  })
  const configMaps = documents
    .filter(({ kind }) => kind === 'ConfigMap')
    .map((document) => [document.metadata.name, ConfigMap.parse(document).data] as const)
  return { workloads, configMaps: new Map(configMaps) }
}
