import type { Service } from '../../catalogue/schema.ts'
import { watchHealth } from './healthWatch.ts'
import { makeRunner, type Runner, type RunnerContext, update } from './runner.ts'

/** Follows a service that lives in another one's process: a server by its own check, a job is done when that one works. */
export function companionRunner(service: Service, context: RunnerContext): Runner {
  const { id, ready } = service
  const { board, secrets } = context

  async function run(signal: AbortSignal): Promise<void> {
    const since = new Date().toISOString()
    if (!ready) return board.set({ id, state: 'completed', since })
    board.set({ id, state: 'starting', since })
    await watchHealth({
      service,
      ready,
      secrets,
      signal,
      onHealthy: ({ standIn }) => update(board, id, { state: 'healthy', ...(standIn ? { standIn } : {}) }),
      onUnhealthy: (why) => update(board, id, { state: 'starting' }, why),
    })
  }

  return makeRunner(service, context, { run })
}
