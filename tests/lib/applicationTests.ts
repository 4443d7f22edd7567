import path from 'node:path'
import type { RunsClient } from '@nebula/convex/runsClient'
import { workflowOf } from '@nebula/convex/runWorkflow'
import { expect, test } from 'vitest'
import { run } from './nebula.ts'

const STEP = { label: 'quick', durationMs: 10, failures: 0 }

interface Target {
  readonly app: RunsClient
  readonly temporal: string
}

/** What the application does in every mode, without faults. Call it in a file whose stack is up, in this checkout. */
export function applicationTests(root: string, target: () => Target): void {
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

  test('the Convex CLI, called in packages/convex, finds the stack', async () => {
    const { app } = target()
    const runId = await app.start({ title: 'seen by the CLI', steps: [STEP] })
    const convex = async (...args: readonly string[]) => {
      const folder = path.join(root, 'packages/convex')
      const result = await run(folder, [path.join(folder, 'node_modules/.bin/convex'), ...args])
      expect(result.exitCode, result.output).toBe(0)
      return result.stdout
    }
    expect(JSON.parse(await convex('run', 'runs:get', JSON.stringify({ runId })))).toMatchObject({ _id: runId })
    expect(await convex('data', 'runs')).toContain('seen by the CLI')
  })
}

/** Starts a run, does something in the middle of its first step, and expects that it still ends, once. */
export async function survives({ app, temporal }: Target, fault: () => Promise<unknown>): Promise<void> {
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
