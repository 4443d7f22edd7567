import type { Catalogue, Service } from '../../catalogue/schema.ts'
import type { ServiceStatus } from '../../driver/serviceStatus.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { ProcessIdentity } from '../../system/processes.ts'
import type { Launch } from './launch.ts'
import type { StatusBoard } from './statusBoard.ts'

/** Keeps one service of a running stack in the state that it should have. */
export interface Runner {
  readonly service: Service
  /** Starts it once its needs are met, and keeps it so until `stop`. */
  start(): void
  /** Tries again what was given up; whatever works is left alone. */
  retry(): void
  /** Ends it gracefully. */
  stop(): Promise<void>
}

/** What all runners of a stack share. */
export interface RunnerContext {
  readonly root: string
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  readonly board: StatusBoard
  /** Told of every process that begins, and with null of its end, before anything else happens. */
  readonly onProcess: (id: string, process: ProcessIdentity | null) => void
}

export interface ProcessRunnerOptions {
  readonly service: Service
  readonly launch: Launch
  readonly context: RunnerContext
}

/** Puts a service on the board as waiting for its needs, and returns when they are met. */
export async function untilNeedsMet(service: Service, { board, catalogue }: RunnerContext, signal: AbortSignal) {
  const title = (id: string) => catalogue.services.find((other) => other.id === id)?.title ?? id
  const wait = (ids: readonly string[]) =>
    board.set({ id: service.id, state: 'waiting', reason: `for ${ids.map(title).join(', ')}` })
  await board.untilMet(service.needs, wait, signal)
}

/** Sets some of a service's status and keeps the rest. */
export function update(
  board: StatusBoard,
  id: string,
  change: Partial<Omit<ServiceStatus, 'id' | 'reason'>>,
  reason?: string,
) {
  const { reason: _, ...before } = board.get(id)
  board.set({ ...before, ...change, ...(reason ? { reason } : {}) })
}
