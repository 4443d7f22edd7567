import type { Service } from '../../catalogue/schema.ts'
import { watchHealth } from './healthWatch.ts'
import { type Runner, type RunnerContext, untilNeedsMet, update } from './runner.ts'

/** Follows a service that lives in another one's process: a server by its own check, a job is done when that one works. */
export function companionRunner(service: Service, context: RunnerContext): Runner {
  const { id } = service
  const { board } = context
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    await untilNeedsMet(service, context, stopping.signal)
    const since = new Date().toISOString()
    if (!service.ready) return board.set({ id, state: 'completed', since })
    board.set({ id, state: 'starting', since })
    await watchHealth({
      service,
      ready: service.ready,
      secrets: context.secrets,
      signal: stopping.signal,
      onHealthy: ({ standIn }) => update(board, id, { state: 'healthy', ...(standIn ? { standIn } : {}) }),
      onUnhealthy: (why) => update(board, id, { state: 'starting' }, why),
    })
  }

  return {
    service,
    start() {
      running ??= run().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error
      })
    },
    retry() {},
    async stop() {
      stopping.abort()
      await running
      board.set({ id, state: 'stopped' })
    },
  }
}
