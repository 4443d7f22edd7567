import { RUN_WORKFLOW, type WorkflowInput } from '@nebula/shared'
import type { Client } from '@temporalio/client'
import { WorkflowExecutionAlreadyStartedError, WorkflowIdReusePolicy, WorkflowNotFoundError } from '@temporalio/common'

export type WorkflowState = 'running' | 'ended' | 'unknown'

/** What the worker asks of Temporal about runs. */
export interface WorkflowStarter {
  /** Starts the run's workflow. @returns whether it was started now: one run is started once, ever. */
  start(runId: string): Promise<boolean>
  /** Cancels the run's workflow. One that has ended, or never was, is left alone. */
  cancel(runId: string): Promise<void>
  stateOf(runId: string): Promise<{ state: WorkflowState; name: string }>
}

/** Starts workflows whose id is the run's id, so that a second start is refused by Temporal, not by luck. */
export function temporalStarter(client: Client, taskQueue: string): WorkflowStarter {
  return {
    async start(runId) {
      try {
        await client.workflow.start(RUN_WORKFLOW, {
          taskQueue,
          workflowId: runId,
          workflowIdReusePolicy: WorkflowIdReusePolicy.REJECT_DUPLICATE,
          args: [{ runId } satisfies WorkflowInput],
        })
        return true
      } catch (error) {
        if (error instanceof WorkflowExecutionAlreadyStartedError) return false
        throw error
      }
    },
    async cancel(runId) {
      try {
        await client.workflow.getHandle(runId).cancel()
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error
      }
    },
    async stateOf(runId) {
      try {
        const { status } = await client.workflow.getHandle(runId).describe()
        return { state: status.name === 'RUNNING' ? 'running' : 'ended', name: status.name.toLowerCase() }
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { state: 'unknown', name: 'unknown to Temporal' }
        throw error
      }
    },
  }
}
