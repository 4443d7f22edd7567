import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue, Service } from '../catalogue/schema.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets.ts'
import { isGreen, type ServiceStatus } from '../serviceStatus.ts'
import { isHopeless, type StartResult } from '../startResult.ts'
import { serviceStatus } from './serviceState.ts'
import { type TiltResource, tiltResources } from './tiltResource.ts'

export interface FollowOptions {
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  readonly tiltPort: number
  readonly signal?: AbortSignal
  /** Called for every service at the start, and whenever its state or reason changes. */
  readonly onChange: (status: ServiceStatus) => void
  /** Milliseconds for the whole stack. */
  readonly deadlineMs: number
}

const INTERVAL_MS = 400
/** Kubernetes reports a failed pull or a crash, tries again, and often succeeds: a failure counts when it lasts. */
const RUNTIME_FAILURE_LASTS_MS = 20_000
/** A build or a deploy that failed stays failed until somebody edits something. */
const BUILD_FAILURE_LASTS_MS = 1_000

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
      const key = `${status.state} ${status.reason ?? ''}`
      if (shown.get(status.id) !== key) options.onChange(status)
      shown.set(status.id, key)
    }
    if (services.every(isGreen)) return { outcome: 'green', services }
    if (isHopeless(options.catalogue, services)) return { outcome: 'failed', services }
    if (performance.now() > end || clocks.overdue(options.catalogue, services))
      return { outcome: 'timed-out', services }
    await sleep(INTERVAL_MS, undefined, options.signal ? { signal: options.signal } : {})
  }
}

/**
 * What every service is doing now.
 * @returns one status a service, in the catalogue's order; all `unknown` when no Tilt answers.
 */
export async function observeServices(
  { catalogue, secrets, tiltPort }: Pick<FollowOptions, 'catalogue' | 'secrets' | 'tiltPort'>,
  clocks?: Clocks,
): Promise<readonly ServiceStatus[]> {
  const resources = await tiltResources(tiltPort)
  return await Promise.all(
    catalogue.services.map(async (service): Promise<ServiceStatus> => {
      const resource = resources?.get(service.id) ?? null
      const status = serviceStatus(service, resource, await check(service, resource, secrets))
      return clocks ? clocks.forgive(status, resource) : status
    }),
  )
}

/** A check from outside says something only once Tilt has a ready pod to forward to. */
async function check(service: Service, resource: TiltResource | null, secrets: Secrets) {
  if (!service.ready || resource?.runtimeStatus !== 'ok') return null
  return await probe(service.ready, { service, secrets })
}

/** How long services have been in a state, to tell a hiccup from a failure and slow from stuck. */
class Clocks {
  readonly #failingSince = new Map<string, number>()
  readonly #runningSince = new Map<string, number>()

  /** A failure that has not lasted is shown as a start that goes on. */
  forgive(status: ServiceStatus, resource: TiltResource | null): ServiceStatus {
    const now = performance.now()
    const runs = status.state === 'starting' && (resource?.podStatus === 'Running' || resource?.runtimeStatus === 'ok')
    if (!runs) this.#runningSince.delete(status.id)
    else if (!this.#runningSince.has(status.id)) this.#runningSince.set(status.id, now)

    if (status.state !== 'failed') {
      this.#failingSince.delete(status.id)
      return status
    }
    const since = this.#failingSince.get(status.id) ?? now
    this.#failingSince.set(status.id, since)
    const lasts = resource?.updateStatus === 'error' ? BUILD_FAILURE_LASTS_MS : RUNTIME_FAILURE_LASTS_MS
    return now - since >= lasts ? status : { ...status, state: 'starting' }
  }

  /** A service's deadline counts while its process runs, not while its image is built or pulled. */
  overdue(catalogue: Catalogue, services: readonly ServiceStatus[]): boolean {
    const now = performance.now()
    return services.some((status) => {
      const deadlineMs = catalogue.services.find((service) => service.id === status.id)?.ready?.deadlineMs
      const since = this.#runningSince.get(status.id)
      return deadlineMs !== undefined && since !== undefined && now - since > deadlineMs
    })
  }
}
