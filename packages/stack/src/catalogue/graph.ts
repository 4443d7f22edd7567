import type { Catalogue, Service } from './schema.ts'

type WithNeeds = Pick<Service, 'id' | 'needs'>

/**
 * The order in which services can start (Kahn's algorithm): every layer needs only layers before it, so the services of
 * one layer can start together. Within a layer they keep the catalogue's order.
 * @throws TypeError when services need each other in a circle, which a loaded catalogue never has.
 */
export function startOrder(catalogue: Pick<Catalogue, 'services'>): readonly (readonly Service[])[] {
  const layers: Service[][] = []
  const placed = new Set<string>()
  let rest = catalogue.services
  while (rest.length > 0) {
    const layer = rest.filter((service) => service.needs.every((need) => placed.has(need.id)))
    if (layer.length === 0)
      throw new TypeError(`these services can never start: ${rest.map(({ id }) => id).join(', ')}`)
    for (const service of layer) placed.add(service.id)
    layers.push(layer)
    rest = rest.filter((service) => !placed.has(service.id))
  }
  return layers
}

/** The ids of the services that need this one, directly or through others; without itself, in the catalogue's order. */
export function dependants(catalogue: Pick<Catalogue, 'services'>, id: string): readonly string[] {
  const reached = new Set([id])
  let sizeBefore = 0
  while (reached.size > sizeBefore) {
    sizeBefore = reached.size
    for (const service of catalogue.services) {
      if (service.needs.some((need) => reached.has(need.id))) reached.add(service.id)
    }
  }
  return catalogue.services.map((service) => service.id).filter((other) => other !== id && reached.has(other))
}

/**
 * A circle of services that need each other, as a path that ends where it starts: `['a', 'b', 'a']`.
 * @returns null when there is none.
 */
export function findCycle(services: readonly WithNeeds[]): readonly string[] | null {
  const needsOf = new Map(services.map((service) => [service.id, service.needs.map((need) => need.id)]))
  const finished = new Set<string>()

  function visit(id: string, path: readonly string[]): readonly string[] | null {
    const start = path.indexOf(id)
    if (start >= 0) return [...path.slice(start), id]
    if (finished.has(id)) return null
    for (const need of needsOf.get(id) ?? []) {
      const cycle = visit(need, [...path, id])
      if (cycle) return cycle
    }
    finished.add(id)
    return null
  }

  for (const { id } of services) {
    const cycle = visit(id, [])
    if (cycle) return cycle
  }
  return null
}
