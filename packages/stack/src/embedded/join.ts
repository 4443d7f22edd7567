import { type OnEvent, reportStep } from '../driver/events.ts'
import type { StartOptions } from './start.ts'
import type { Supervised } from './supervisorLink.ts'

/** `up` on a stack that runs: it stays as it was started, and what has failed is tried again. */
export async function joinStack(
  { link, definition, convex }: StartOptions,
  running: Supervised,
  onEvent: OnEvent,
): Promise<void> {
  const warn = (id: string, message: string) => onEvent({ type: 'step', id, state: 'warning', message })
  // What needs a new start is said, not done.
  if (running.state.definition !== definition) {
    const restart = '`npm run down`, then `npm run up`'
    warn('definition', `infra/stack.yaml has changed since the stack was started; to apply it: ${restart}`)
  }
  if (convex !== 'auto')
    warn('convex', `--convex only applies when the stack starts (npm run down; npm run up -- --convex ${convex})`)
  await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    () => link.retryFailed(running),
    (failed) => (failed.length === 0 ? 'was running' : `was running; trying again: ${failed.join(', ')}`),
  )
}
