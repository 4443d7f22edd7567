import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { type ClusterContext, clusterContext } from '@nebula/stack/cluster/context'
import type { ConvexChoice } from '@nebula/stack/embedded/programs/convexBackend'
import { type OpenedStack, openDriver } from '@nebula/stack/openDriver'

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

/** A checkout's stack, ready to be worked on. */
export type OpenedCheckout = OpenedStack & Pick<Stack, 'root'>

/**
 * The stack in the mode that it runs in, or would run in.
 * @param mode the value of a command's `--mode`; NEBULA_MODE when there is none.
 */
export async function openCheckout(mode?: string, convex?: ConvexChoice): Promise<OpenedCheckout> {
  const stack = await openStack()
  const opened = await openDriver({ ...stack, mode: mode ?? process.env.NEBULA_MODE, ...(convex ? { convex } : {}) })
  return { root: stack.root, ...opened }
}

/** The stack on k3d, for what only makes sense there. */
export async function openCluster(): Promise<ClusterContext> {
  const { root, catalogue } = await openStack()
  return await clusterContext(root, catalogue)
}
