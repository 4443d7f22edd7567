import { z } from 'zod'

/**
 * How often a step is tried before its run fails. What interrupts an attempt from outside (a worker that goes away) is
 * no failure of the step and does not count against it.
 */
export const MAX_STEP_ATTEMPTS = 5

/** What a person may ask for; forms and the backend check against the same numbers. */
export const RUN_LIMITS = {
  titleLength: 120,
  steps: 20,
  labelLength: 80,
  stepDurationMs: 60_000,
} as const

/**
 * One step of a run. Its first `failures` attempts fail on purpose, so a step with `failures` equal to
 * MAX_STEP_ATTEMPTS fails for good, and the run with it.
 */
export const StepSpec = z.object({
  label: z
    .string()
    .trim()
    .min(1, 'needs a label')
    .max(RUN_LIMITS.labelLength, `has ${RUN_LIMITS.labelLength} characters at most`),
  /** Milliseconds of work in an attempt. */
  durationMs: z.int().min(0).max(RUN_LIMITS.stepDurationMs),
  failures: z.int().min(0).max(MAX_STEP_ATTEMPTS),
})
export type StepSpec = z.infer<typeof StepSpec>

/** A run as a person asks for it. Parsing trims the texts. */
export const NewRun = z.object({
  title: z
    .string()
    .trim()
    .min(1, 'needs a title')
    .max(RUN_LIMITS.titleLength, `has ${RUN_LIMITS.titleLength} characters at most`),
  steps: z.array(StepSpec).min(1, 'needs a step').max(RUN_LIMITS.steps, `has ${RUN_LIMITS.steps} steps at most`),
})
export type NewRun = z.infer<typeof NewRun>
