import { setTimeout as sleep } from 'node:timers/promises'
import { dependants } from '../catalogue/graph.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { isGreen, type ServiceStatus } from './serviceStatus.ts'

/** How the services of a stack ended up after they were started. */
export interface StartResult {
  readonly outcome: 'green' | 'failed' | 'timed-out'
  readonly services: readonly ServiceStatus[]
}

export interface FollowOptions {
  readonly catalogue: Pick<Catalogue, 'services'>
  /** Milliseconds for the whole stack. */
  readonly deadlineMs: number
  /** Called for every service at the start, and whenever its state, reason or hint changes. */
  readonly onChange: (status: ServiceStatus) => void
  readonly signal?: AbortSignal | undefined
}

/** How a mode looks at its services. */
export interface Watch {
  /** What every service does now, in the catalogue's order. */
  readonly look: () => Promise<readonly ServiceStatus[]>
  /** Whether a service has run for longer than it may without becoming healthy. */
  readonly isOverdue: (services: readonly ServiceStatus[]) => boolean
  /** Milliseconds between two looks. */
  readonly intervalMs: number
}

/**
 * Watches the services of a stack come up.
 * @returns when all are green; when nothing can become green any more; or at the deadline of the stack or of a service.
 * @throws what `look` throws, and the signal's reason when it aborts.
 */
export async function followServices(options: FollowOptions, watch: Watch): Promise<StartResult> {
  const end = performance.now() + options.deadlineMs
  const shown = new Map<string, string>()
  for (;;) {
    options.signal?.throwIfAborted()
    const services = await watch.look()
    for (const status of services) {
      const key = [status.state, status.reason, status.hint].join(' ')
      if (shown.get(status.id) !== key) options.onChange(status)
      shown.set(status.id, key)
    }
    if (services.every(isGreen)) return { outcome: 'green', services }
    if (isHopeless(options.catalogue, services)) return { outcome: 'failed', services }
    if (performance.now() > end || watch.isOverdue(services)) return { outcome: 'timed-out', services }
    await sleep(watch.intervalMs, undefined, { signal: options.signal })
  }
}

/** Whether nothing can become green any more: all that is not green has failed, or waits for something that has. */
function isHopeless(catalogue: Pick<Catalogue, 'services'>, services: readonly ServiceStatus[]): boolean {
  const failed = services.filter((status) => status.state === 'failed').map((status) => status.id)
  const blocked = new Set(failed.flatMap((id) => [id, ...dependants(catalogue, id)]))
  return failed.length > 0 && services.every((status) => isGreen(status) || blocked.has(status.id))
}
