import { ask, textOf } from './programs.ts'

/** What deletes the cluster that is in the way. */
export const CLUSTER_FIX = 'npm run reset -- --no-up'

/** Why nothing that starts from an empty machine and resets what it made may run here; null when it may. */
export async function existingCluster(): Promise<string | null> {
  const found = await textOf(ask`docker ps --all --quiet --filter label=k3d.cluster=nebula`)
  return found === '' ? null : 'the cluster k3d-nebula exists and its data would be lost'
}
