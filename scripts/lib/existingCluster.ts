import { exec } from '@nebula/stack/system/exec'

const DOCKER_TIMEOUT_MS = 20_000

/** What deletes the cluster that is in the way. */
export const CLUSTER_FIX = 'npm run reset -- --no-up'

/** Why nothing that starts from an empty machine and resets what it made may run here; null when it may. */
export async function existingCluster(): Promise<string | null> {
  const argv = ['docker', 'ps', '--all', '--quiet', '--filter', 'label=k3d.cluster=nebula']
  const { stdout } = await exec(argv, { timeoutMs: DOCKER_TIMEOUT_MS })
  return stdout.trim() === '' ? null : 'the cluster k3d-nebula exists and its data would be lost'
}
