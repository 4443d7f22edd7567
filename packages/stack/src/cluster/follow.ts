import type { Catalogue, Service } from '../catalogue/schema.ts'
import type { Watch } from '../driver/followServices.ts'
import type { ServiceStatus } from '../driver/serviceStatus.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { Clocks, forgiveYoung } from './clocks.ts'
import type { PodWatch } from './podWatch.ts'
import { type TiltResource, tiltResources } from './tiltResource.ts'
import { serviceStatus } from './tiltStatus.ts'

/** What is looked at. */
export interface Observed {
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  readonly tiltPort: number
  readonly pods: PodWatch
}

const INTERVAL_MS = 400

/** How `up` looks at the services in the cluster. */
export function clusterWatch(observed: Observed): Watch {
  const clocks = new Clocks()
  return {
    look: () => observeServices(observed, clocks),
    isOverdue: (services) => clocks.overdue(observed.catalogue, services),
    intervalMs: INTERVAL_MS,
  }
}

/**
 * What every service is doing now.
 * @param clocks what tells a hiccup from a failure; without them a failure is one when its pod is old enough.
 * @returns one status a service, in the catalogue's order; all `unknown` when no Tilt answers.
 */
export async function observeServices(
  { catalogue, secrets, tiltPort, pods }: Observed,
  clocks: Clocks | null,
): Promise<readonly ServiceStatus[]> {
  const [resources, troubles] = await Promise.all([tiltResources(tiltPort), pods.look()])
  return await Promise.all(
    catalogue.services.map(async (service): Promise<ServiceStatus> => {
      const resource = resources?.get(service.id) ?? null
      const trouble = troubles.get(service.id) ?? null
      const status = serviceStatus(service, resource, await check(service, resource, secrets), trouble)
      return clocks ? clocks.forgive(status, resource, trouble) : forgiveYoung(status, trouble)
    }),
  )
}

/** A check from outside says something only once Tilt has a ready pod to forward to. */
async function check(service: Service, resource: TiltResource | null, secrets: Secrets) {
  if (!service.ready || resource?.runtimeStatus !== 'ok') return null
  return await probe(service.ready, { service, secrets })
}
