import { findEndpoint } from '../catalogue/endpoints.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { type Codespace, findCodespace } from '../codespaces/codespace.ts'
import { type ClusterDefinition, loadClusterDefinition } from './definition.ts'

/** Everything that a cluster command works on. */
export interface ClusterContext {
  readonly root: string
  readonly catalogue: Catalogue
  readonly definition: ClusterDefinition
  readonly tiltPort: number
  /** Where a browser finds the ports; null when that is localhost. */
  readonly codespace: Codespace | null
}

/** @throws NebulaError when infra/ctlptl.yaml is wrong, or the variables of a codespace are. */
export async function clusterContext(root: string, catalogue: Catalogue): Promise<ClusterContext> {
  return {
    root,
    catalogue,
    definition: await loadClusterDefinition(root, catalogue),
    tiltPort: findEndpoint(catalogue, 'tilt', 'ui').localPort,
    codespace: findCodespace(),
  }
}
