import { z } from 'zod'

/** Where runs wait for a worker. */
export const TASK_QUEUE = 'nebula'

/** The name that the workflow is registered under. */
export const RUN_WORKFLOW = 'run'

/** What a run's workflow is started with. Its id is the run's id. */
export const WorkflowInput = z.object({ runId: z.string().min(1) })
export type WorkflowInput = z.infer<typeof WorkflowInput>
