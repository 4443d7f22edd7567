import { newerFailed } from '../../driver/serviceStatus.ts'
import { whyEnded } from '../../system/text.ts'
import { type Exit, startChild } from './child.ts'
import { makeRunner, type ProcessRunnerOptions, processTools, type Runner, update } from './runner.ts'

/** Runs a job: once its needs are met, and again whenever its sources change. */
export function jobRunner(options: ProcessRunnerOptions): Runner {
  const { service, launch, context } = options
  const { id } = service
  const { board } = context
  const { log, change, unwatch, close } = processTools(options)

  async function run(signal: AbortSignal): Promise<void> {
    /** When what it last did without an error was begun, ISO 8601: that is what the stack goes on with. */
    let doneSince: string | undefined
    while (!signal.aborted) {
      change.forget()
      const { code, what } = await once(signal)
      if (signal.aborted) return
      if (code === 0) {
        doneSince = board.get(id).since
        update(board, id, { state: 'completed' })
      } else {
        const why = whyEnded(what, log.recent(), { root: context.root, cwd: launch.cwd })
        log.note(why)
        update(board, id, { state: 'failed' }, newerFailed(doneSince, why))
      }
      await change.wait(signal)
    }
  }

  async function once(signal: AbortSignal): Promise<Exit> {
    board.set({ id, state: 'starting', since: new Date().toISOString() })
    const child = await startChild(launch, log, service.stop)
    if ('code' in child) return child
    context.onProcess(id, child.identity)
    const stop = () => void child.stop()
    signal.addEventListener('abort', stop)
    try {
      return await child.exit
    } finally {
      signal.removeEventListener('abort', stop)
      await child.stop()
      context.onProcess(id, null)
    }
  }

  function retry(): void {
    if (board.get(id).state !== 'failed') return
    board.set({ id, state: 'starting' })
    change.call()
  }

  return makeRunner(service, context, { run, retry, unwatch, close })
}
