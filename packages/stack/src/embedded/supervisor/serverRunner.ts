import { setTimeout as sleep } from 'node:timers/promises'
import { whyEnded } from '../../system/text.ts'
import { ServiceLog } from '../state/serviceLog.ts'
import { type Child, type Exit, startChild } from './child.ts'
import { watchHealth } from './healthWatch.ts'
import { type ProcessRunnerOptions, type Runner, untilNeedsMet, update } from './runner.ts'
import { watchSources } from './sourceWatch.ts'
import { WakeUp } from './wakeUp.ts'

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A process that lived this long was not started in vain. */
const LONG_LIFE_MS = 10_000
/** As many starts in a row that never got healthy are no accident: somebody has to mend something. */
const VAIN_STARTS = 3

/** Runs a server: starts it again when it ends, with growing pauses, and when its sources change. */
export function serverRunner({ service, launch, context }: ProcessRunnerOptions): Runner {
  const { id } = service
  const { board } = context
  const log = new ServiceLog(context.root, id)
  const stopping = new AbortController()
  const change = new WakeUp()
  const watcher = watchSources(launch.watch, () => change.call())
  // One for all lives of the process: a listener a restart would pile up.
  const stopped = new Promise<'stopped'>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  let vainStarts = 0
  let shortLives = 0
  let restarts = 0
  /** It has crashed, and waits to be started again. */
  let isDown = false
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    await untilNeedsMet(service, context, stopping.signal)
    while (!stopping.signal.aborted) {
      change.forget()
      const began = performance.now()
      const end = await live()
      if (end === 'stopped' || stopping.signal.aborted) return
      if (end === 'changed') continue
      shortLives = performance.now() - began < LONG_LIFE_MS ? shortLives + 1 : 0
      restarts += 1
      await afterCrash(end)
    }
  }

  /** One process from its start to its end, or until it has to make way for a new one. */
  async function live(): Promise<Exit | 'changed' | 'stopped'> {
    isDown = false
    board.set({
      id,
      state: 'starting',
      since: new Date().toISOString(),
      ...(restarts > 0 ? { restarts } : {}),
      ...(launch.program ? { program: launch.program } : {}),
    })
    const child = await startChild(launch, log, service.stop)
    if ('code' in child) {
      vainStarts += 1
      return child
    }
    context.onProcess(id, child.identity)
    const over = new AbortController()
    const health = followHealth(over.signal)
    try {
      return await Promise.race([child.exit, changed(over.signal), stopped])
    } finally {
      over.abort()
      await health
      await end(child)
    }
  }

  async function followHealth(signal: AbortSignal): Promise<void> {
    if (!service.ready) return
    vainStarts += 1
    await watchHealth({
      service,
      ready: service.ready,
      secrets: context.secrets,
      signal,
      onHealthy: ({ standIn }) => {
        vainStarts = 0
        update(board, id, { state: 'healthy', ...(standIn ? { standIn } : {}) })
      },
      onUnhealthy: (why) => update(board, id, { state: 'starting' }, why),
    })
  }

  /** Also what is left of a process that has ended: it may have started others. */
  async function end(child: Child): Promise<void> {
    await child.stop()
    context.onProcess(id, null)
  }

  async function changed(signal: AbortSignal): Promise<'changed'> {
    await change.wait(signal).catch(() => new Promise(() => {}))
    log.note('its sources changed: starting anew')
    vainStarts = 0
    update(board, id, { state: 'starting' }, 'its sources changed')
    return 'changed'
  }

  async function afterCrash({ what }: Exit): Promise<void> {
    isDown = true
    const why = whyEnded(what, log.recent())
    if (vainStarts >= VAIN_STARTS) {
      log.note(`${what}, ${vainStarts} times in a row: given up until its sources change or \`npm run up\``)
      update(board, id, { state: 'failed', restarts }, why)
      await change.wait(stopping.signal)
      vainStarts = 0
      return
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, shortLives - 1), LONGEST_PAUSE_MS)
    log.note(`${what}: starting again in ${pauseMs / 1000} s`)
    update(board, id, { state: 'starting', restarts }, `${why}; starting again in ${pauseMs / 1000} s`)
    const waking = new AbortController()
    const signal = AbortSignal.any([waking.signal, stopping.signal])
    await Promise.race([sleep(pauseMs, undefined, { signal }), change.wait(signal)]).finally(() => waking.abort())
  }

  return {
    service,
    start() {
      running ??= run().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error
      })
    },
    retry() {
      if (!isDown) return
      update(board, id, { state: 'starting' })
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
