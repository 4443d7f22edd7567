import { api } from '@nebula/convex/api'
import { until } from '@nebula/stack/system/until'
import { Client, Connection } from '@temporalio/client'
import { ConvexClient } from 'convex/browser'
import type { FunctionArgs, FunctionReturnType } from 'convex/server'

type Run = FunctionReturnType<typeof api.runs.get>
type NewRun = FunctionArgs<typeof api.runs.create>
type RunId = FunctionReturnType<typeof api.runs.create>

const LISTED_DEADLINE_MS = 30_000
const FINAL = ['completed', 'failed', 'cancelled']

/** The application as its page meets it: Convex, live. */
export class Application {
  readonly #convex: ConvexClient

  constructor(convexUrl: string) {
    this.#convex = new ConvexClient(convexUrl, { unsavedChangesWarning: false })
  }

  /** Starts a run and returns its id. */
  async start(run: NewRun): Promise<RunId> {
    return await this.#convex.mutation(api.runs.create, run)
  }

  async cancel(runId: RunId): Promise<void> {
    await this.#convex.mutation(api.runs.cancel, { runId })
  }

  async retry(runId: RunId): Promise<RunId> {
    return await this.#convex.mutation(api.runs.retry, { runId })
  }

  async get(runId: string): Promise<Run> {
    return await this.#convex.query(api.runs.get, { runId })
  }

  /** Watches a run until `condition` holds, and returns it as it was then. */
  async until(runId: string, condition: (run: NonNullable<Run>) => boolean): Promise<NonNullable<Run>> {
    const { promise, resolve, reject } = Promise.withResolvers<NonNullable<Run>>()
    const stop = this.#convex.onUpdate(api.runs.get, { runId }, (run) => run && condition(run) && resolve(run), reject)
    return await promise.finally(stop)
  }

  async untilFinal(runId: string): Promise<NonNullable<Run>> {
    return await this.until(runId, (run) => FINAL.includes(run.status))
  }

  async close(): Promise<void> {
    await this.#convex.close()
  }
}

/**
 * What Temporal has of the workflow of a run once it has closed: how, and how many executions there were under its id.
 * A run is reported to Convex a moment before its workflow closes, and listed a moment after.
 */
export async function workflowOf(
  temporalAddress: string,
  runId: string,
): Promise<{ status: string; executions: number }> {
  const connection = await Connection.connect({ address: temporalAddress })
  try {
    const { workflow } = new Client({ connection })
    const handle = workflow.getHandle(runId)
    await handle.result().catch(() => {})
    let executions = 0
    await until(
      async () => {
        executions = 0
        for await (const _ of workflow.list({ query: `WorkflowId = "${runId}"` })) executions += 1
        return executions > 0
      },
      { deadlineMs: LISTED_DEADLINE_MS },
    )
    return { status: (await handle.describe()).status.name, executions }
  } finally {
    await connection.close()
  }
}
