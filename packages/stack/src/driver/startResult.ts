import { dependants } from '../catalogue/graph.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { isGreen, type ServiceStatus } from './serviceStatus.ts'

/** How the services of a stack ended up after they were started. */
export interface StartResult {
  readonly outcome: 'green' | 'failed' | 'timed-out'
  readonly services: readonly ServiceStatus[]
}

/** Whether nothing can become green any more: all that is not green has failed, or waits for something that has. */
export function isHopeless(catalogue: Pick<Catalogue, 'services'>, services: readonly ServiceStatus[]): boolean {
  const failed = services.filter((status) => status.state === 'failed').map((status) => status.id)
  const blocked = new Set(failed.flatMap((id) => [id, ...dependants(catalogue, id)]))
  return failed.length > 0 && services.every((status) => isGreen(status) || blocked.has(status.id))
}
