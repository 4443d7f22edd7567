import type { Catalogue } from '../catalogue/schema.ts'
import type { ServiceState } from '../driver/serviceStatus.ts'
import type { StackStatus } from '../driver/stackDriver.ts'
import { statusesOf } from './follow.ts'
import { orphans, runningState } from './state/running.ts'

/**
 * What the stack in embedded mode is doing, without changing anything.
 * @param catalogue of embedded mode.
 */
export async function embeddedStatus(root: string, catalogue: Catalogue): Promise<StackStatus> {
  const state = await runningState(root)
  if (state) return { platform: `supervisor (pid ${state.supervisor.pid})`, services: statusesOf(state) }
  const all = (of: (id: string) => { state: ServiceState; reason?: string }) =>
    catalogue.services.map(({ id }) => ({ id, ...of(id) }))
  const left = await orphans(root)
  if (left.length === 0) return { platform: 'not running', services: all(() => ({ state: 'stopped' })) }
  const leftover = new Map(left.map(({ id, process }) => [id, process.pid]))
  return {
    platform: 'the supervisor was killed; `npm run up` or `npm run down` ends what it left',
    services: all((id) => {
      const pid = leftover.get(id)
      return pid === undefined ? { state: 'stopped' } : { state: 'unknown', reason: `left over (pid ${pid})` }
    }),
  }
}
