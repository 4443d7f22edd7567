import { existsSync } from 'node:fs'
import { startOrder } from '../../catalogue/graph.ts'
import type { Service } from '../../catalogue/schema.ts'
import { identifyProcess, type ProcessIdentity } from '../../system/processes.ts'
import type { EmbeddedStack } from '../state/embeddedStack.ts'
import { removeState, writeState } from '../state/supervisorState.ts'
import { watchCheckout } from './checkoutWatch.ts'
import { companionRunner } from './companionRunner.ts'
import { jobRunner } from './jobRunner.ts'
import { type LaunchContext, launchOf } from './launch.ts'
import type { Runner, RunnerContext } from './runner.ts'
import { serverRunner } from './serverRunner.ts'
import { StatusBoard } from './statusBoard.ts'

export interface Supervisor {
  /** Tries again what has failed. */
  retry(): void
  /** Ends everything, what is needed last. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  /** Told what went wrong with the supervisor itself. */
  readonly log: (line: string) => void
  /** Called when the checkout is no longer there: the supervisor is to be stopped. */
  readonly onGone: () => void
  /** Milliseconds after which a server that was healthy and no longer answers is started anew. Default: 30 s. */
  readonly hungMs?: number
}

const HUNG_MS = 30_000

/**
 * Starts every service of embedded mode in order of need, keeps them running, and writes down what it does in
 * `.nebula/embedded/state.json`, where other commands read it. The services outlive nobody but this process.
 */
export async function startSupervisor(
  stack: EmbeddedStack & LaunchContext,
  { log, onGone, hungMs = HUNG_MS }: SupervisorOptions,
): Promise<Supervisor> {
  const { root, catalogue, definition, secrets } = stack
  const identity = await identifyProcess(process.pid)
  if (!identity) throw new TypeError('this process cannot be found in its own process list')
  const board = new StatusBoard(catalogue.services)
  const processes = new Map<string, ProcessIdentity>()
  let retries = 0
  let isWritten = true

  const write = () => {
    // A checkout that was moved away is not made anew.
    if (!existsSync(root)) return
    const services = board.all().map((status) => {
      const child = processes.get(status.id)
      return { ...status, ...(child ? { process: child } : {}) }
    })
    try {
      writeState(root, { supervisor: identity, definition, retries, services })
      isWritten = true
    } catch (error) {
      // A full disk: the services run on, and it is tried again until it succeeds.
      if (isWritten) log(`the state cannot be written: ${error instanceof Error ? error.message : String(error)}`)
      isWritten = false
    }
  }
  const context: RunnerContext = {
    root,
    catalogue,
    secrets,
    hungMs,
    board,
    onProcess(id, child) {
      if (child) processes.set(id, child)
      else processes.delete(id)
      write()
    },
  }
  const runners = new Map(catalogue.services.map((service) => [service.id, runnerOf(service, stack, context)]))
  board.onChange(write)
  write()
  for (const runner of runners.values()) runner.start()
  const watch = watchCheckout({ root, identity, isStale: () => !isWritten, onStateLost: write, onGone })

  return {
    retry() {
      retries += 1
      for (const runner of runners.values()) runner.retry()
      write()
    },
    async stop() {
      watch.close()
      for (const layer of startOrder(catalogue).toReversed()) {
        await Promise.all(layer.map(({ id }) => runners.get(id)?.stop()))
      }
      removeState(root)
    },
  }
}

function runnerOf(service: Service, launchContext: LaunchContext, context: RunnerContext): Runner {
  const launch = launchOf(service, launchContext)
  if (!launch) return companionRunner(service, context)
  const options = { service, launch, context }
  return service.kind === 'server' ? serverRunner(options) : jobRunner(options)
}
