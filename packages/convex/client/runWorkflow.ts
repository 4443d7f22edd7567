import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection, type ConnectionOptions } from '@temporalio/client'

const LISTED_DEADLINE_MS = 30_000
const LOOK_MS = 200

/** Does something with a connection to Temporal, and closes it again. */
export async function withTemporal<T>(options: ConnectionOptions, action: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect(options)
  try {
    return await action(new Client({ connection }))
  } finally {
    await connection.close()
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
  return await withTemporal({ address: temporalAddress }, async ({ workflow }) => {
    const handle = workflow.getHandle(runId)
    await handle.result().catch(() => {})
    const end = performance.now() + LISTED_DEADLINE_MS
    let executions = 0
    while (executions === 0 && performance.now() < end) {
      for await (const _ of workflow.list({ query: `WorkflowId = "${runId}"` })) executions += 1
      if (executions === 0) await sleep(LOOK_MS)
    }
    return { status: (await handle.describe()).status.name, executions }
  })
}
