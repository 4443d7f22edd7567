import { findEndpoint } from '../catalogue/endpoints.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { type ClusterDefinition, loadClusterDefinition } from './definition.ts'

/** Everything that a cluster command works on. */
export interface ClusterContext {
  readonly root: string
  readonly catalogue: Catalogue
  readonly definition: ClusterDefinition
  readonly tiltPort: number
}

/** @throws NebulaError when infra/ctlptl.yaml is wrong. */
export async function clusterContext(root: string, catalogue: Catalogue): Promise<ClusterContext> {
  return {
    root,
    catalogue,
    definition: await loadClusterDefinition(root, catalogue),
    tiltPort: findEndpoint(catalogue, 'tilt', 'ui').localPort,
  }
}
