import { setTimeout as sleep } from 'node:timers/promises'
import { placedReason } from '../../system/placedReason.ts'
import { whyEnded } from '../../system/text.ts'
import { type Child, type Exit, startChild } from './child.ts'
import { watchHealth } from './healthWatch.ts'
import { afterCrashDecision, type Life } from './restartPolicy.ts'
import { makeRunner, type ProcessRunnerOptions, processTools, type Runner, update } from './runner.ts'

interface Crash {
  readonly why: 'crashed'
  readonly exit: Exit
  readonly life: Life
}

/** How a life of the process ended: by itself, or to make way. */
type End = Crash | { readonly why: 'changed' } | { readonly why: 'stopped' }

/** Runs a server: starts it again when it ends, with growing pauses, and when its sources change. */
export function serverRunner(options: ProcessRunnerOptions): Runner {
  const { service, launch, context } = options
  const { id } = service
  const { board } = context
  const { log, change, unwatch, close } = processTools(options)
  /** It has crashed, and waits to be started again. */
  let isDown = false

  async function run(signal: AbortSignal): Promise<void> {
    // One for all lives of the process: a listener a restart would pile up.
    const stopped = new Promise<'stopped'>((resolve) => {
      signal.addEventListener('abort', () => resolve('stopped'), { once: true })
    })
    let history: readonly Life[] = []
    while (!signal.aborted) {
      change.forget()
      const end = await live(stopped)
      if (end.why === 'stopped' || signal.aborted) return
      history = end.why === 'changed' ? [] : await afterCrash(history, end, signal)
    }
  }

  /** One process from its start to its end, or until it has to make way for a new one. */
  async function live(stopped: Promise<'stopped'>): Promise<End> {
    isDown = false
    const began = performance.now()
    const { restarts } = board.get(id)
    board.set({
      id,
      state: 'starting',
      since: new Date().toISOString(),
      ...(restarts ? { restarts } : {}),
      ...(launch.program ? { program: launch.program } : {}),
    })
    const crashed = (exit: Exit, wasHealthy: boolean | null): End => {
      return { why: 'crashed', exit, life: { lastedMs: performance.now() - began, wasHealthy } }
    }
    const child = await startChild(launch, log, service.stop)
    if ('code' in child) return crashed(child, false)
    context.onProcess(id, child.identity)
    const over = new AbortController()
    const health = followHealth(over.signal)
    try {
      const end = await Promise.race([child.exit, health.hung, changed(over.signal), stopped])
      if (typeof end !== 'string') return crashed(end, health.wasHealthy())
      return { why: end }
    } finally {
      over.abort()
      await health.ended
      await finish(child)
    }
  }

  /** Puts on the board whether it is healthy, as long as it lives. `hung`: it was, and has not been for too long. */
  function followHealth(signal: AbortSignal): {
    ended: Promise<void>
    hung: Promise<Exit>
    wasHealthy: () => boolean | null
  } {
    const { ready } = service
    const { promise: hung, resolve } = Promise.withResolvers<Exit>()
    if (!ready) return { ended: Promise.resolve(), hung, wasHealthy: () => null }
    const { hungMs } = context
    let wasHealthy = false
    let patience: NodeJS.Timeout | undefined
    signal.addEventListener('abort', () => clearTimeout(patience), { once: true })
    const ended = watchHealth({
      service,
      ready,
      secrets: context.secrets,
      signal,
      onHealthy: ({ standIn }) => {
        wasHealthy = true
        clearTimeout(patience)
        update(board, id, { state: 'healthy', ...(standIn ? { standIn } : {}) })
      },
      onUnhealthy: (why) => {
        update(board, id, { state: 'starting' }, why)
        if (!wasHealthy) return
        clearTimeout(patience)
        patience = setTimeout(() => resolve({ code: null, what: `did not answer for ${hungMs / 1000} s` }), hungMs)
      },
    })
    return { ended, hung, wasHealthy: () => wasHealthy }
  }

  /** Also what is left of a process that has ended: it may have started others. */
  async function finish(child: Child): Promise<void> {
    await child.stop()
    context.onProcess(id, null)
  }

  async function changed(signal: AbortSignal): Promise<'changed'> {
    await change.wait(signal).catch(() => new Promise(() => {}))
    log.note('its sources changed: restarting')
    update(board, id, { state: 'starting' }, 'its sources changed')
    return 'changed'
  }

  /**
   * Waits until it is to be started again.
   * @returns the lives that count from here on: none when somebody has mended something meanwhile, or wants it tried.
   */
  async function afterCrash(
    history: readonly Life[],
    { exit: { what }, life }: Crash,
    signal: AbortSignal,
  ): Promise<readonly Life[]> {
    isDown = true
    const restarts = (board.get(id).restarts ?? 0) + 1
    const surroundings = { root: context.root, cwd: launch.cwd }
    const why = whyEnded(what, log.recent(), surroundings)
    // Its last words are in the log already.
    const told = placedReason(log.recent(), surroundings) ?? what
    const decision = afterCrashDecision(history, life)
    if (decision.kind === 'give up') {
      log.note(`${told}, ${decision.starts} times in a row: given up until its sources change or \`npm run up\``)
      update(board, id, { state: 'failed', restarts }, why)
      await change.wait(signal)
      return []
    }
    const pause = `${decision.pauseMs / 1000} s`
    log.note(`${told}: starting again in ${pause}`)
    update(board, id, { state: 'starting', restarts }, `${why}; starting again in ${pause}`)
    const waking = new AbortController()
    const either = AbortSignal.any([waking.signal, signal])
    const rested = sleep(decision.pauseMs, [...history, life], { signal: either })
    const woken = change.wait(either).then(() => [])
    return await Promise.race([rested, woken]).finally(() => waking.abort())
  }

  function retry(): void {
    if (!isDown) return
    update(board, id, { state: 'starting' })
    change.call()
  }

  return makeRunner(service, context, { run, retry, unwatch, close })
}
