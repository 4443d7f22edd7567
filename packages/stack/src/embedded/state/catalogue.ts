import { createHash } from 'node:crypto'
import type { Catalogue, Service } from '../../catalogue/schema.ts'

/**
 * The part of the stack that embedded mode runs: without what carries the cluster, without services that have no
 * embedded form, and without needs of those. What lives in another service's process needs that one.
 */
export function embeddedCatalogue(catalogue: Catalogue): Catalogue {
  const services = catalogue.services.filter((service) => service.embedded)
  const ids = new Set(services.map((service) => service.id))
  return {
    ...catalogue,
    platform: [],
    services: services.map((service) => ({
      ...service,
      needs: needs(service, ids),
      // Nothing is forwarded, and no proxy of the cluster's stands in front of anything.
      endpoints: service.endpoints.map(({ forwardPort: _, ...endpoint }) => endpoint),
    })),
  }
}

function needs({ needs, embedded }: Service, ids: ReadonlySet<string>): Service['needs'] {
  const own = needs.filter(({ id }) => ids.has(id) && id !== embedded?.partOf)
  return embedded?.partOf === undefined ? own : [...own, { id: embedded.partOf, until: 'healthy' }]
}

/** Equal for equal descriptions of the stack: tells whether one that runs is the one that is described now. */
export function fingerprint(catalogue: Catalogue): string {
  return createHash('sha256')
    .update(JSON.stringify(embeddedCatalogue(catalogue)))
    .digest('hex')
}
