import { createHash } from 'node:crypto'
import type { Catalogue, Service } from '../../catalogue/schema.ts'
import type { Mark } from '../../system/processes.ts'

/** The stack of a checkout as embedded mode sees it. */
export interface EmbeddedStack {
  /** The checkout, absolute. */
  readonly root: string
  /** All of infra/stack.yaml: references may name services that embedded mode does not run. */
  readonly whole: Catalogue
  /** The part that runs as processes. */
  readonly catalogue: Catalogue
  /** Equal for equal descriptions: tells whether what runs is what is described now. */
  readonly definition: string
}

/** What every process of a checkout's stack has in its environment: whose it is can be told by it. */
export function ownerMark(root: string): Mark {
  return ['NEBULA_STACK_OF', root]
}

/** @param whole all of infra/stack.yaml. */
export function embeddedStack(root: string, whole: Catalogue): EmbeddedStack {
  const catalogue = embeddedCatalogue(whole)
  const definition = createHash('sha256').update(JSON.stringify(catalogue)).digest('hex')
  return { root, whole, catalogue, definition }
}

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
