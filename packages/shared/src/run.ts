import { z } from 'zod'

/**
 * The attempt at a step that, when it fails, fails the run. An attempt that is interrupted (its worker went away) has not
 * failed; there is always another one after it.
 */
export const MAX_ATTEMPTS = 5

export const RUN_STATUSES = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const
export type RunStatus = (typeof RUN_STATUSES)[number]

export const STEP_STATUSES = ['pending', 'running', 'retrying', 'completed', 'failed', 'cancelled'] as const
export type StepStatus = (typeof STEP_STATUSES)[number]

/** Whether a run has ended: nothing changes it any more. */
export function isFinal(status: RunStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}

export const NewStep = z.object({
  label: z.string().trim().min(1, 'give the step a name').max(80, 'at most 80 characters'),
  /** Milliseconds of work. */
  durationMs: z.int('whole milliseconds').min(0, 'not less than 0').max(60_000, 'at most a minute'),
  /** How many of its first attempts fail on purpose; as many as there are attempts make the run fail. */
  failures: z.int('a whole number').min(0, 'not less than 0').max(MAX_ATTEMPTS, `at most ${MAX_ATTEMPTS}`),
})

/** How many steps a run may have. */
export const MAX_STEPS = 20

/** What a person asks for. Checked in the form and again in Convex. */
export const NewRun = z.object({
  title: z.string().trim().min(1, 'give the run a title').max(120, 'at most 120 characters'),
  steps: z.array(NewStep).min(1, 'a run needs a step').max(MAX_STEPS, `at most ${MAX_STEPS} steps`),
})

export type NewStep = z.infer<typeof NewStep>
export type NewRun = z.infer<typeof NewRun>

/** Where runs wait for a worker. */
export const TASK_QUEUE = 'nebula'

/** The name that the workflow is registered under. */
export const RUN_WORKFLOW = 'run'

/** What a run's workflow is started with. Its id is the run's id. */
export const WorkflowInput = z.object({ runId: z.string().min(1) })
export type WorkflowInput = z.infer<typeof WorkflowInput>
