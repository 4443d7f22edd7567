import { expect, test } from 'vitest'
import { type Application, workflowOf } from './application.ts'

/** What the application does in every mode, without faults. Call it in a file whose stack is up. */
export function applicationTests(target: () => { app: Application; temporal: string }): void {
  test('a run whose step keeps failing fails, and can be retried once', async () => {
    const { app, temporal } = target()
    const runId = await app.start({ title: 'fails', steps: [{ label: 'never', durationMs: 10, failures: 5 }] })
    const run = await app.untilFinal(runId)
    expect(run).toMatchObject({ status: 'failed' })
    expect(run.error).toBeTruthy()
    expect(await workflowOf(temporal, runId)).toEqual({ status: 'FAILED', executions: 1 })
    const again = await app.retry(runId)
    expect(await app.retry(runId)).toBe(again)
    expect(again).not.toBe(runId)
  })

  test('a running run is cancelled, in Convex and in Temporal', async () => {
    const { app, temporal } = target()
    const runId = await app.start({ title: 'cancel me', steps: [{ label: 'long', durationMs: 60_000, failures: 0 }] })
    await app.until(runId, (run) => run.steps[0]?.status === 'running')
    await app.cancel(runId)
    const run = await app.untilFinal(runId)
    expect(run.status).toBe('cancelled')
    await expect.poll(async () => (await workflowOf(temporal, runId)).status, { timeout: 20_000 }).toBe('CANCELLED')
  })
}

/** Starts a run, does something in the middle of its first step, and expects that it still ends, once. */
export async function survives(
  { app, temporal }: { app: Application; temporal: string },
  fault: () => Promise<unknown>,
): Promise<void> {
  const runId = await app.start({
    title: 'survives',
    steps: [
      { label: 'before', durationMs: 3_000, failures: 0 },
      { label: 'after', durationMs: 500, failures: 0 },
    ],
  })
  await app.until(runId, (run) => run.steps[0]?.status === 'running')
  await fault()
  const run = await app.untilFinal(runId)
  expect(run.status).toBe('completed')
  expect(await workflowOf(temporal, runId)).toEqual({ status: 'COMPLETED', executions: 1 })
}
