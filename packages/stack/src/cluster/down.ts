import { type OnEvent, reportStep } from '../driver/events.ts'
import { exec, execText } from '../system/exec.ts'
import type { ClusterContext } from './context.ts'
import { observeCluster } from './observe.ts'
import { stopTilt } from './tilt.ts'
import { removeToolsNode } from './toolsNode.ts'

const STOP_TIMEOUT_MS = 180_000

/**
 * Stops Tilt, the cluster and the registry. All data stays.
 * @returns whether anything was running.
 * @throws NebulaError when a step fails.
 */
export async function downCluster(context: ClusterContext, onEvent: OnEvent): Promise<boolean> {
  const { definition } = context
  const hadTilt = await reportStep(
    onEvent,
    'tilt',
    'Tilt',
    () => stopTilt({ root: context.root, port: context.tiltPort }),
    (stopped) => (stopped ? 'stopped' : 'was not running'),
  )
  const seen = await observeCluster(definition)
  const runs = seen.nodes === 'running' || seen.nodes === 'partly-stopped'
  await reportStep(
    onEvent,
    'cluster',
    `Cluster ${definition.context}`,
    async () => {
      if (seen.hasToolsNode) await removeToolsNode(definition)
      if (runs) await execText(['k3d', 'cluster', 'stop', definition.k3dName], { timeoutMs: STOP_TIMEOUT_MS })
      if (seen.registry === 'running') await execText(['docker', 'stop', definition.registryName])
    },
    () => (runs ? 'stopped, its data stays' : seen.nodes === 'absent' ? 'there is none' : 'was stopped'),
  )
  return hadTilt || runs
}

/**
 * Deletes the cluster and all data in it. The registry stays, with its images, so that a new cluster pulls nothing.
 * @throws NebulaError when k3d fails.
 */
export async function deleteCluster(context: ClusterContext, onEvent: OnEvent): Promise<void> {
  const { definition } = context
  await stopTilt({ root: context.root, port: context.tiltPort })
  await reportStep(
    onEvent,
    'cluster',
    `Cluster ${definition.context}`,
    async () => {
      // k3d deletes the network too; a stopped registry that is still on it could never be started again.
      await exec(['docker', 'network', 'disconnect', '--force', definition.context, definition.registryName])
      await execText(['k3d', 'cluster', 'delete', definition.k3dName], { timeoutMs: STOP_TIMEOUT_MS })
      // k3d leaves the context behind when the nodes were gone before.
      await exec(['kubectl', 'config', 'delete-context', definition.context])
    },
    () => 'deleted, with its data',
  )
}
