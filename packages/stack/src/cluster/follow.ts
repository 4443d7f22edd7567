import type { Catalogue, Service } from '../catalogue/schema.ts'
import type { Watch } from '../driver/followServices.ts'
import type { ServiceStatus } from '../driver/serviceStatus.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { placedReason } from '../system/placedReason.ts'
import { Clocks, forgiveYoung } from './clocks.ts'
import type { PodWatch } from './podWatch.ts'
import { tiltfileReason } from './tiltfileTrouble.ts'
import { TILTFILE_RESOURCE, type TiltResource, tiltLogs, tiltResources } from './tiltResource.ts'
import { serviceStatus } from './tiltStatus.ts'

/** What is looked at. */
export interface Observed {
  /** The checkout, absolute. */
  readonly root: string
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  readonly tiltPort: number
  readonly pods: PodWatch
}

const INTERVAL_MS = 400
const BUILD_LINES = 100
/** How Tilt begins what it says of an update. */
const BUILD_BEGINS = /^(?:Initial Build|\d+ Files? Changed|Triggered|Running cmd:)/

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
 * @returns one status a service, in the catalogue's order; all `unknown` when no Tilt answers. One of Tilt itself comes first
 *   while it cannot evaluate the Tiltfile or a manifest: then no edit has any effect.
 */
export async function observeServices(
  { root, catalogue, secrets, tiltPort, pods }: Observed,
  clocks: Clocks | null,
): Promise<readonly ServiceStatus[]> {
  const [resources, troubles] = await Promise.all([tiltResources(tiltPort), pods.look()])
  const tilt = await tiltStatus(resources?.get(TILTFILE_RESOURCE), root)
  const services = await Promise.all(
    catalogue.services.map(async (service): Promise<ServiceStatus> => {
      const resource = resources?.get(service.id) ?? null
      const trouble = troubles.get(service.id) ?? null
      const [checked, why] = await Promise.all([check(service, resource, secrets), updateReason(resource)])
      const status = serviceStatus(service, resource, checked, trouble, why)
      return clocks ? clocks.forgive(status, resource, trouble) : forgiveYoung(status, trouble)
    }),
  )
  return tilt ? [tilt, ...services] : services

  /** What a failed build or deploy said of its reason; Tilt itself knows no more than an exit code. */
  async function updateReason(resource: TiltResource | null): Promise<string | null> {
    if (resource?.updateStatus !== 'error') return null
    return placedReason(await lastBuild(tiltPort, resource.name), { root, cwd: root })
  }
}

async function lastBuild(port: number, id: string): Promise<readonly string[]> {
  const lines = await tiltLogs(port, id, BUILD_LINES)
  return lines.slice(lines.findLastIndex((line) => BUILD_BEGINS.test(line)) + 1)
}

/**
 * What is wrong with Tilt itself.
 * @param tiltfile Tilt's resource for the Tiltfile.
 * @param root the checkout, absolute.
 * @returns null while the Tiltfile is fine, or not evaluated yet.
 */
export async function tiltStatus(tiltfile: TiltResource | undefined, root: string): Promise<ServiceStatus | null> {
  if (tiltfile?.updateStatus !== 'error') return null
  const reason = await tiltfileReason(tiltfile.buildError ?? 'it cannot be evaluated', root)
  return { id: 'tilt', state: 'failed', reason, hint: 'mend it there: until then no edit has any effect' }
}

/** A check from outside says something only once Tilt has a ready pod to forward to. */
async function check(service: Service, resource: TiltResource | null, secrets: Secrets) {
  if (!service.ready || resource?.runtimeStatus !== 'ok') return null
  return await probe(service.ready, { service, secrets })
}
