import { ask, textOf } from './programs.ts'

/** What deletes the cluster that is in the way, and its data. */
export const CLUSTER_FIX = 'npm run reset -- --no-up'

/** Why nothing that starts from an empty machine and resets what it made may run here; null when it may. */
export async function existingCluster(): Promise<string | null> {
  const found = await textOf(ask`docker ps --all --quiet --filter label=k3d.cluster=nebula`)
  if (found !== '') return 'the cluster k3d-nebula exists and its data would be lost'
  const volume = await textOf(ask`docker volume ls --quiet --filter name=^nebula-data$`)
  return volume === '' ? null : 'the volume nebula-data exists and what is in it would be lost'
}
