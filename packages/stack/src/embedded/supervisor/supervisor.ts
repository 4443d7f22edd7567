import { startOrder } from '../../catalogue/graph.ts'
import type { Service } from '../../catalogue/schema.ts'
import { identifyProcess, type ProcessIdentity } from '../../system/processes.ts'
import type { EmbeddedStack } from '../state/embeddedStack.ts'
import { removeState, writeState } from '../state/supervisorState.ts'
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

/**
 * Starts every service of embedded mode in order of need, keeps them running, and writes down what it does in
 * `.nebula/embedded/state.json`, where other commands read it. The services outlive nobody but this process.
 * @param log told what went wrong with the supervisor itself.
 */
export async function startSupervisor(
  stack: EmbeddedStack & LaunchContext,
  log: (line: string) => void,
): Promise<Supervisor> {
  const { root, catalogue, definition, secrets } = stack
  const identity = await identifyProcess(process.pid)
  if (!identity) throw new TypeError('this process cannot be found in its own process list')
  const board = new StatusBoard(catalogue.services)
  const processes = new Map<string, ProcessIdentity>()
  let retries = 0

  const write = () => {
    const services = board.all().map((status) => {
      const child = processes.get(status.id)
      return { ...status, ...(child ? { process: child } : {}) }
    })
    try {
      writeState(root, { supervisor: identity, definition, retries, services })
    } catch (error) {
      // A full disk: the services run on, and the next write may succeed.
      log(`the state cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const context: RunnerContext = {
    root,
    catalogue,
    secrets,
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

  return {
    retry() {
      retries += 1
      for (const runner of runners.values()) runner.retry()
      write()
    },
    async stop() {
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
