import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { type ClusterContext, clusterContext } from '@nebula/stack/cluster/context'

/** The checkout that this script belongs to, and its stack. */
export interface Stack {
  readonly root: string
  readonly catalogue: Catalogue
}

/**
 * Reads infra/stack.yaml.
 * @throws NebulaError with file and line of everything that is wrong in it.
 */
export async function openStack(): Promise<Stack> {
  const root = path.resolve(import.meta.dirname, '../..')
  return { root, catalogue: await loadCatalogue(path.join(root, 'infra/stack.yaml')) }
}

/** The stack with what the cluster commands need on top. */
export async function openCluster(): Promise<ClusterContext> {
  const { root, catalogue } = await openStack()
  return await clusterContext(root, catalogue)
}
