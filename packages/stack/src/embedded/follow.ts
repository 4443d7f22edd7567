import type { Catalogue } from '../catalogue/schema.ts'
import type { Watch } from '../driver/followServices.ts'
import { isGreen, type ServiceStatus } from '../driver/serviceStatus.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { EmbeddedContext } from './context.ts'
import type { Running } from './supervisorLink.ts'

const INTERVAL_MS = 100

/** How `up` looks at the services: by what the supervisor writes down. A look throws its last words when it has ended. */
export function supervisorWatch(context: EmbeddedContext, secrets: Secrets | null): Watch {
  const { catalogue, link } = context
  const start = Date.now()
  return {
    async look() {
      const running = await link.look()
      if (running.kind === 'abandoned' || running.kind === 'nothing') throw await link.ended()
      const services = statusesOf(running, catalogue)
      return services.every(isGreen) ? await confirmHealthy(services, context, secrets) : services
    },
    isOverdue: (services) => services.some((status) => isOverdue(catalogue, status, start)),
    intervalMs: INTERVAL_MS,
  }
}

/**
 * Asks those that are said to be healthy whether they are: what is written down may be old, after a full disk.
 * @param secrets null when there are none: then nobody is asked.
 */
export async function confirmHealthy(
  services: readonly ServiceStatus[],
  { catalogue }: Pick<EmbeddedContext, 'catalogue'>,
  secrets: Secrets | null,
): Promise<readonly ServiceStatus[]> {
  return await Promise.all(
    services.map(async (status) => {
      const service = catalogue.services.find(({ id }) => id === status.id)
      if (status.state !== 'healthy' || !service?.ready || !secrets) return status
      const { ok, detail } = await probe(service.ready, { service, secrets })
      if (ok) return status
      return { ...status, state: 'starting' as const, reason: `no longer ready: ${detail ?? 'no reason given'}` }
    }),
  )
}

/** What is known of the services, in the catalogue's order. */
export function statusesOf(running: Running, { services }: Pick<Catalogue, 'services'>): readonly ServiceStatus[] {
  switch (running.kind) {
    case 'supervised':
      return running.state.services.map(({ process: _, ...status }) => status as ServiceStatus)
    case 'unwritten':
      return services.map(({ id }) => ({ id, state: 'unknown' }))
    case 'nothing':
      return services.map(({ id }) => ({ id, state: 'stopped' }))
    case 'abandoned': {
      const pids = new Map(running.orphans.map(({ id, process }) => [id, process.pid]))
      return services.map(({ id }) => {
        const pid = pids.get(id)
        return pid === undefined ? { id, state: 'stopped' } : { id, state: 'unknown', reason: `left over (pid ${pid})` }
      })
    }
  }
}

/** @param start when the following began, ms since 1970: one that was healthy for long gets its time anew. */
function isOverdue(catalogue: Catalogue, status: ServiceStatus, start: number): boolean {
  const deadlineMs = catalogue.services.find(({ id }) => id === status.id)?.ready?.deadlineMs
  if (status.state !== 'starting' || deadlineMs === undefined || status.since === undefined) return false
  return Date.now() - Math.max(start, Date.parse(status.since)) > deadlineMs
}
