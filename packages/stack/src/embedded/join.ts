import { type OnEvent, reportStep } from '../driver/events.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import type { StartOptions } from './start.ts'
import { type Supervised, type Unwritten, untilWritten } from './state/running.ts'

const RETRY_DEADLINE_MS = 5_000
/** The supervisor looks every two seconds. */
const REWRITE_DEADLINE_MS = 6_000

/**
 * `up` on a stack that runs: it stays as it was started, and what has failed is tried again.
 * @throws NebulaError when its supervisor does not say what it does.
 */
export async function joinStack(stack: StartOptions, found: Supervised | Unwritten, onEvent: OnEvent): Promise<void> {
  const running = found.kind === 'supervised' ? found : await rewritten(stack.root, found)
  warnOfChanges(stack, running, onEvent)
  await retryFailed(stack.root, running, onEvent)
}

async function rewritten(root: string, { supervisor }: Unwritten): Promise<Supervised> {
  const running = await untilWritten(root, () => true, REWRITE_DEADLINE_MS)
  if (running) return running
  throw new NebulaError(`the supervisor (pid ${supervisor.pid}) runs, but does not write down what it does`, {
    code: 'STATE_LOST',
    hint: 'npm run down',
    exitCode: ExitCode.Precondition,
  })
}

/** What needs a new start is said, not done. */
function warnOfChanges({ definition, convex }: StartOptions, { state }: Supervised, onEvent: OnEvent): void {
  const restart = '`npm run down`, then `npm run up`'
  const warn = (id: string, message: string) => onEvent({ type: 'step', id, state: 'warning', message })
  if (state.definition !== definition) {
    warn('definition', `infra/stack.yaml has changed since the stack was started; to apply it: ${restart}`)
  }
  if (convex !== 'auto')
    warn('convex', `--convex only applies when the stack starts (npm run down; npm run up -- --convex ${convex})`)
}

/** SIGHUP: try again what has failed. Waits until the supervisor has taken note, so that the old failure is not shown. */
async function retryFailed(root: string, { supervisor, state }: Supervised, onEvent: OnEvent): Promise<void> {
  const failed = state.services.filter((service) => service.state === 'failed').map(({ id }) => id)
  await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    async () => {
      if (failed.length === 0) return
      process.kill(supervisor.pid, 'SIGHUP')
      await untilWritten(root, ({ retries }) => retries > state.retries, RETRY_DEADLINE_MS)
    },
    () => (failed.length === 0 ? 'was running' : `was running; trying again: ${failed.join(', ')}`),
  )
}
