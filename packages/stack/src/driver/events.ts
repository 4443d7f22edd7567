import type { ServiceStatus } from './serviceStatus.ts'

export type Mode = 'cluster' | 'embedded'

/** One thing that `up`, `down` or `reset` does before services start or after they ended. */
export interface StepEvent {
  readonly type: 'step'
  readonly id: string
  readonly state: 'started' | 'progress' | 'done' | 'warning'
  readonly message: string
  /** Milliseconds since the step began. */
  readonly ms?: number
}

/** A service changed its state. */
export interface ServiceEvent {
  readonly type: 'service'
  readonly status: ServiceStatus
  /** Milliseconds since the services began to be started. */
  readonly ms: number
}

/** Which way of running was chosen, and why. */
export interface ModeEvent {
  readonly type: 'mode'
  readonly mode: Mode
  readonly reason: string
}

/** What the library reports while it works; a renderer shows it. */
export type StackEvent = StepEvent | ServiceEvent | ModeEvent

export type OnEvent = (event: StackEvent) => void

/**
 * Runs one step and reports when it starts and when it is done.
 * @param describe turns the result into what to say of it.
 * @throws what `action` throws.
 */
export async function reportStep<T>(
  onEvent: OnEvent,
  id: string,
  message: string,
  action: (progress: (message: string) => void) => Promise<T>,
  describe: (result: T) => string,
): Promise<T> {
  const start = performance.now()
  const elapsed = () => Math.round(performance.now() - start)
  onEvent({ type: 'step', id, state: 'started', message })
  const result = await action((progress) =>
    onEvent({ type: 'step', id, state: 'progress', message: progress, ms: elapsed() }),
  )
  onEvent({ type: 'step', id, state: 'done', message: describe(result), ms: elapsed() })
  return result
}
