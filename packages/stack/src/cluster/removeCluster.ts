import { exec, execText } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'

const TIMEOUT_MS = 180_000

/**
 * Deletes the cluster. The registry stays, with its images, and so does the volume with the data.
 * @throws NebulaError when k3d fails.
 */
export async function removeCluster(definition: ClusterDefinition): Promise<void> {
  // k3d deletes the network too; a stopped registry that is still on it could never be started again.
  await exec(['docker', 'network', 'disconnect', '--force', definition.context, definition.registryName])
  await execText(['k3d', 'cluster', 'delete', definition.k3dName], { timeoutMs: TIMEOUT_MS })
  // k3d leaves the context behind when the nodes were gone before.
  await exec(['kubectl', 'config', 'delete-context', definition.context])
}
