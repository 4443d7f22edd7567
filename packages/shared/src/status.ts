import { z } from 'zod'

/** How a run can have ended. */
export const RUN_OUTCOMES = ['completed', 'failed', 'cancelled'] as const
export const RunOutcome = z.enum(RUN_OUTCOMES)
export type RunOutcome = z.infer<typeof RunOutcome>

export const RUN_STATUSES = ['queued', 'running', ...RUN_OUTCOMES] as const
export const RunStatus = z.enum(RUN_STATUSES)
export type RunStatus = z.infer<typeof RunStatus>

export const STEP_STATUSES = ['pending', 'running', 'retrying', 'completed', 'failed', 'cancelled'] as const
export const StepStatus = z.enum(STEP_STATUSES)
export type StepStatus = z.infer<typeof StepStatus>

/** Whether a run with this status has ended; it never changes again then. */
export function isFinal(status: RunStatus): status is RunOutcome {
  return RunOutcome.safeParse(status).success
}
