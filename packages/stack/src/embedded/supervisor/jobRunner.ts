import { whyEnded } from '../../system/text.ts'
import { ServiceLog } from '../state/serviceLog.ts'
import { type Exit, startChild } from './child.ts'
import { type ProcessRunnerOptions, type Runner, untilNeedsMet, update } from './runner.ts'
import { watchSources } from './sourceWatch.ts'
import { WakeUp } from './wakeUp.ts'

/** Runs a job: once its needs are met, and again whenever its sources change. */
export function jobRunner({ service, launch, context }: ProcessRunnerOptions): Runner {
  const { id } = service
  const { board } = context
  const log = new ServiceLog(context.root, id)
  const stopping = new AbortController()
  const change = new WakeUp()
  const watcher = watchSources(launch.watch, () => change.call())
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    await untilNeedsMet(service, context, stopping.signal)
    while (!stopping.signal.aborted) {
      change.forget()
      const { code, what } = await once()
      if (stopping.signal.aborted) return
      if (code === 0) update(board, id, { state: 'completed' })
      else update(board, id, { state: 'failed' }, whyEnded(what, log.recent()))
      await change.wait(stopping.signal)
    }
  }

  async function once(): Promise<Exit> {
    board.set({ id, state: 'starting', since: new Date().toISOString() })
    const child = await startChild(launch, log, service.stop)
    if ('code' in child) return child
    context.onProcess(id, child.identity)
    const stop = () => void child.stop()
    stopping.signal.addEventListener('abort', stop)
    try {
      return await child.exit
    } finally {
      stopping.signal.removeEventListener('abort', stop)
      await child.stop()
      context.onProcess(id, null)
    }
  }

  return {
    service,
    start() {
      running ??= run().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error
      })
    },
    retry() {
      if (board.get(id).state !== 'failed') return
      board.set({ id, state: 'starting' })
      change.call()
    },
    async stop() {
      stopping.abort()
      await watcher.close()
      await running
      board.set({ id, state: 'stopped' })
      await log.close()
    },
  }
}
