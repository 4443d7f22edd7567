import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue, Service } from '../catalogue/schema.ts'
import { isGreen, type ServiceStatus } from '../driver/serviceStatus.ts'
import { isHopeless, type StartResult } from '../driver/startResult.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { Clocks, forgiveYoung } from './clocks.ts'
import type { PodWatch } from './podWatch.ts'
import { type TiltResource, tiltResources } from './tiltResource.ts'
import { serviceStatus } from './tiltStatus.ts'

export interface FollowOptions {
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  readonly tiltPort: number
  readonly pods: PodWatch
  readonly signal?: AbortSignal | undefined
  /** Called for every service at the start, and whenever its state or reason changes. */
  readonly onChange: (status: ServiceStatus) => void
  /** Milliseconds for the whole stack. */
  readonly deadlineMs: number
}

const INTERVAL_MS = 400
/**
 * Watches the services come up.
 * @returns when all are green; when one has failed and nothing but what waits for it is left; or at the deadline of the
 *   stack or of a service that runs without becoming healthy.
 */
export async function followServices(options: FollowOptions): Promise<StartResult> {
  const end = performance.now() + options.deadlineMs
  const clocks = new Clocks()
  const shown = new Map<string, string>()
  for (;;) {
    options.signal?.throwIfAborted()
    const services = await observeServices(options, clocks)
    for (const status of services) {
      const key = [status.state, status.reason, status.hint].join(' ')
      if (shown.get(status.id) !== key) options.onChange(status)
      shown.set(status.id, key)
    }
    if (services.every(isGreen)) return { outcome: 'green', services }
    if (isHopeless(options.catalogue, services)) return { outcome: 'failed', services }
    if (performance.now() > end || clocks.overdue(options.catalogue, services))
      return { outcome: 'timed-out', services }
    await sleep(INTERVAL_MS, undefined, { signal: options.signal })
  }
}

/**
 * What every service is doing now.
 * @param clocks what tells a hiccup from a failure; without them a failure is one when its pod is old enough.
 * @returns one status a service, in the catalogue's order; all `unknown` when no Tilt answers.
 */
export async function observeServices(
  { catalogue, secrets, tiltPort, pods }: Pick<FollowOptions, 'catalogue' | 'secrets' | 'tiltPort' | 'pods'>,
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
