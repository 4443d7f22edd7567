import { exec } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'

/** k3d's helper, a container from which it looks at the machine; k3d deletes it when it is done. */
export function toolsNodeOf(definition: ClusterDefinition): string {
  return `${definition.context}-tools`
}

/**
 * Deletes the helper that a k3d which was ended in the middle left behind. `k3d cluster start` would fail on one that has
 * been stopped: it deletes it, and then wants to start it (k3d 5.9.0, client/environment.go and client/cluster.go).
 * Harmless when there is none.
 */
export async function removeToolsNode(definition: ClusterDefinition): Promise<void> {
  await exec(['docker', 'rm', '--force', '--volumes', toolsNodeOf(definition)])
}
