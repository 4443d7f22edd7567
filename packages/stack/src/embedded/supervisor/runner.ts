import type { Catalogue, Service } from '../../catalogue/schema.ts'
import type { ServiceStatus } from '../../driver/serviceStatus.ts'
import type { Secrets } from '../../secrets/secrets.ts'
import type { ProcessIdentity } from '../../system/processes.ts'
import { ServiceLog } from '../state/serviceLog.ts'
import type { Launch } from './launch.ts'
import { watchSources } from './sourceWatch.ts'
import type { StatusBoard } from './statusBoard.ts'
import { WakeUp } from './wakeUp.ts'

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
  readonly catalogue: Catalogue
  readonly root: string
  readonly secrets: Secrets
  readonly board: StatusBoard
  /** Milliseconds after which a server that was healthy and no longer answers is started anew. */
  readonly hungMs: number
  /** Told of every process that begins, and with null of its end, before anything else happens. */
  readonly onProcess: (id: string, process: ProcessIdentity | null) => void
}

/** What one kind of service does within the frame of all of them. */
export interface RunnerBody {
  /** Called once its needs are met; ends when the signal aborts. */
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly retry?: () => void
  /** What watches for it, ended before it. */
  readonly unwatch?: () => Promise<void>
  /** What it leaves open. */
  readonly close?: () => Promise<void>
}

/** The frame of every runner: waits for what the service needs, runs it once, and ends in order. */
export function makeRunner(service: Service, context: RunnerContext, body: RunnerBody): Runner {
  const stopping = new AbortController()
  const run = async () => {
    await untilNeedsMet(service, context, stopping.signal)
    await body.run(stopping.signal)
  }
  let running: Promise<void> | undefined
  return {
    service,
    start() {
      running ??= run().catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error
      })
    },
    retry: () => body.retry?.(),
    async stop() {
      stopping.abort()
      await body.unwatch?.()
      // What went wrong in it has been said; the others are to be ended all the same.
      await running?.catch(() => {})
      context.board.set({ id: service.id, state: 'stopped' })
      await body.close?.()
    },
  }
}

export interface ProcessRunnerOptions {
  readonly service: Service
  readonly launch: Launch
  readonly context: RunnerContext
}

/** What every service with a process of its own has: a log, and a wake-up call when its sources change. */
export function processTools({ service, launch, context }: ProcessRunnerOptions) {
  const log = new ServiceLog(context.root, service.id)
  const change = new WakeUp()
  const sources = watchSources(launch.watch, () => change.call())
  return { log, change, unwatch: () => sources.close(), close: () => log.close() }
}

/** Puts a service on the board as waiting for its needs, and returns when they are met. */
async function untilNeedsMet(service: Service, { board, catalogue }: RunnerContext, signal: AbortSignal) {
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
