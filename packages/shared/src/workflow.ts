import type { RunOutcome } from './status.ts'

/** The task queue of the worker and of whoever starts a workflow, unless the environment names another. */
export const DEFAULT_TASK_QUEUE = 'nebula'

/** The workflow's type in Temporal: the name of the function that the worker registers. */
export const RUN_WORKFLOW = 'run'

/** What the workflow of a run starts with. Its workflow id is the run's id; the steps are read when it begins. */
export interface WorkflowInput {
  readonly runId: string
}

/** What the workflow of a run returns; a failed or cancelled run ends its workflow as failed or cancelled instead. */
export interface WorkflowResult {
  readonly outcome: RunOutcome
}
