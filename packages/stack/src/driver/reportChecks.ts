import { type PreflightResult, preflightError } from '../preflight/run.ts'
import { type OnEvent, reportStep } from './events.ts'

/**
 * Runs a mode's checks as a step of `up`, and says what they warn of.
 * @throws NebulaError with all that is missing, each with what to do.
 */
export async function reportChecks(
  onEvent: OnEvent,
  checkMachine: () => Promise<readonly PreflightResult[]>,
): Promise<void> {
  const results = await reportStep(
    onEvent,
    'checks',
    'Checks',
    async () => {
      const found = await checkMachine()
      const error = preflightError(found)
      if (error) throw error
      return found
    },
    (found) => `${found.filter(({ status }) => status === 'ok').length} passed`,
  )
  for (const { id, message } of results.filter(({ status }) => status === 'warn')) {
    onEvent({ type: 'step', id, state: 'warning', message: `${message} (npm run doctor)` })
  }
}
