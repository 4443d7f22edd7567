import type { Catalogue } from '../catalogue/schema.ts'
import type { ServiceStatus } from '../driver/serviceStatus.ts'
import type { TiltResource } from './tiltResource.ts'
import type { PodTrouble } from './trouble.ts'

/** Kubernetes reports a failed pull or a crash, tries again, and often succeeds: a failure counts when it lasts. */
const RUNTIME_FAILURE_LASTS_MS = 20_000
/** What only an edit helps. Not at once: Tilt may be about to apply that edit. */
const HOPELESS_LASTS_MS = 3_000
/** A build or a deploy that failed stays failed until somebody edits something. */
const BUILD_FAILURE_LASTS_MS = 1_000

interface Failure {
  /** What fails, and how: when that changes, the clock starts anew. */
  readonly of: string
  readonly since: number
}

/** How long services have been in a state, to tell a hiccup from a failure and slow from stuck. */
export class Clocks {
  readonly #failures = new Map<string, Failure>()
  readonly #runningSince = new Map<string, number>()

  /** A failure that has not lasted is shown as a start that goes on, with its reason. */
  forgive(status: ServiceStatus, resource: TiltResource | null, trouble: PodTrouble | null): ServiceStatus {
    const now = performance.now()
    const runs = status.state === 'starting' && (resource?.podStatus === 'Running' || resource?.runtimeStatus === 'ok')
    if (!runs) this.#runningSince.delete(status.id)
    else if (!this.#runningSince.has(status.id)) this.#runningSince.set(status.id, now)

    const since = this.#failingSince(status, trouble, now)
    if (status.state !== 'failed') return status
    return now - since >= lasts(resource, trouble) ? status : { ...status, state: 'starting' }
  }

  /**
   * Since when a service fails. What Kubernetes tries again fails since the first time, until it is green: a container
   * that crashes every half minute, or a pull that takes long to fail, is no success in between.
   */
  #failingSince(status: ServiceStatus, trouble: PodTrouble | null, now: number): number {
    const known = this.#failures.get(status.id)
    if (status.state === 'failed') {
      const of = trouble ? `${trouble.kind} ${trouble.uid}` : ''
      const failure = known?.of === of ? known : { of, since: now }
      this.#failures.set(status.id, failure)
      return failure.since
    }
    const triesAgain = status.state === 'starting' && known?.of !== ''
    if (!triesAgain) this.#failures.delete(status.id)
    return now
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

/** The same for a single look: what may heal is a failure when its pod has had the time for it. */
export function forgiveYoung(status: ServiceStatus, trouble: PodTrouble | null): ServiceStatus {
  if (status.state !== 'failed' || !trouble || trouble.hopeless) return status
  const old = Date.now() - Date.parse(trouble.since) >= RUNTIME_FAILURE_LASTS_MS
  return old ? status : { ...status, state: 'starting' }
}

function lasts(resource: TiltResource | null, trouble: PodTrouble | null): number {
  if (resource?.updateStatus === 'error') return BUILD_FAILURE_LASTS_MS
  return trouble?.hopeless ? HOPELESS_LASTS_MS : RUNTIME_FAILURE_LASTS_MS
}
