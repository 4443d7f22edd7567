import { type OnEvent, reportStep } from '../driver/events.ts'
import { execText } from '../system/exec.ts'
import type { ClusterContext } from './context.ts'
import { deleteDataVolume } from './dataVolume.ts'
import { stopNodes } from './ensure.ts'
import { observeCluster } from './observe.ts'
import { removeCluster } from './removeCluster.ts'
import { stopTilt } from './tilt.ts'
import { removeToolsNode } from './toolsNode.ts'

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
      if (runs) await stopNodes(definition)
      if (seen.registry === 'running') await execText(['docker', 'stop', definition.registryName])
    },
    () => (runs ? 'stopped, its data stays' : seen.nodes === 'absent' ? 'there is none' : 'was stopped'),
  )
  return hadTilt || runs
}

/**
 * Deletes the cluster and all data. The registry stays, with its images, so that a new cluster pulls nothing.
 * @throws NebulaError when k3d or Docker fails.
 */
export async function deleteCluster(context: ClusterContext, onEvent: OnEvent): Promise<void> {
  const { definition } = context
  await stopTilt({ root: context.root, port: context.tiltPort })
  await reportStep(
    onEvent,
    'cluster',
    `Cluster ${definition.context}`,
    async () => {
      await removeCluster(definition)
      await deleteDataVolume(context.root, definition)
    },
    () => `deleted, and with the volume ${definition.data.volume} all data`,
  )
}
