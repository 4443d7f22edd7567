import type { ServiceState } from '../driver/serviceStatus.ts'
import type { StackStatus } from '../driver/stackDriver.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { ClusterContext } from './context.ts'
import { observeServices } from './follow.ts'
import { observeCluster } from './observe.ts'
import { podWatch } from './podWatch.ts'
import { findTilt } from './tilt.ts'

/**
 * What the stack on k3d is doing, without changing anything.
 * @param secrets null when there are none yet: then nothing was ever started from this checkout.
 */
export async function clusterStatus(context: ClusterContext, secrets: Secrets | null): Promise<StackStatus> {
  const { catalogue, definition, tiltPort } = context
  const [seen, tilt] = await Promise.all([observeCluster(definition), findTilt({ root: context.root, port: tiltPort })])
  const all = (state: ServiceState, reason?: string) =>
    catalogue.services.map((service) => ({ id: service.id, state, ...(reason ? { reason } : {}) }))

  if (seen.nodes === 'absent')
    return { platform: `there is no cluster ${definition.context}`, services: all('stopped') }
  if (seen.nodes !== 'running') return { platform: `${definition.context} is ${seen.nodes}`, services: all('stopped') }
  if (!tilt || !secrets) {
    const platform = `${definition.context} runs, Tilt does not: nothing is forwarded to this machine`
    return { platform, services: all('unknown', 'Tilt is not running') }
  }
  const services = await observeServices({ catalogue, secrets, tiltPort, pods: podWatch(context) }, null)
  return { platform: `${definition.context} and Tilt are running`, services }
}
