import type { ClusterDefinition } from '../../src/cluster/definition.ts'

/** What infra/ctlptl.yaml says, for tests with programs in the place of k3d and kubectl. */
export const clusterDefinition: ClusterDefinition = {
  file: 'infra/ctlptl.yaml',
  context: 'k3d-nebula',
  k3dName: 'nebula',
  namespace: 'nebula',
  registryName: 'nebula-registry',
  registryPort: 5005,
  node: 'k3d-nebula-server-0',
  data: { volume: 'nebula-data', path: '/var/lib/nebula' },
  k3d: null,
  registryYaml: 'kind: Registry\n',
  images: [],
}
