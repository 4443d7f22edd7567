import { WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker, type WorkflowBundleOption } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createActivities } from '../src/activities.ts'
import { createMetrics } from '../src/metrics.ts'
import type { Reports } from '../src/reports.ts'
import { workflowBundle } from '../src/temporal.ts'
import { temporalStarter } from '../src/workflowStarter.ts'
import { type FakeReports, fakeReports } from './fakes.ts'
import { temporalCli } from './temporalCli.ts'

const cli = temporalCli()
const step = { label: 'a step', durationMs: 5, failures: 0 }
let runs = 0

describe.skipIf(cli === undefined)("the workflow of a run, on Temporal's dev server", () => {
  let env: TestWorkflowEnvironment
  let bundle: WorkflowBundleOption

  beforeAll(async () => {
    const logger = new DefaultLogger('ERROR')
    Runtime.install({ logger })
    env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: cli ?? '' }, extraArgs: ['--log-level', 'never'] },
    })
    bundle = await workflowBundle(undefined, logger)
  })
  afterAll(async () => await env.teardown())

  /** Starts a run with a worker of its own; the worker stops when `use` has ended. */
  async function withRun<T>({ reports }: FakeReports, use: (runId: string) => Promise<T>): Promise<T> {
    runs += 1
    const taskQueue = `queue-${runs}`
    const runId = `run-${runs}`
    const activities = createActivities({ reports, metrics: createMetrics(), identity: 'test' })
    const { nativeConnection: connection } = env
    const worker = await Worker.create({
      connection,
      taskQueue,
      activities,
      workflowBundle: bundle,
      maxHeartbeatThrottleInterval: '50 milliseconds',
    })
    return await worker.runUntil(async () => {
      expect(await temporalStarter(env.client, taskQueue).start(runId)).toBe(true)
      return await use(runId)
    })
  }

  const result = async (runId: string) => await env.client.workflow.getHandle(runId).result()
  const failure = async (runId: string): Promise<unknown> =>
    await result(runId).then(
      () => undefined,
      (error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error),
    )

  test('does the steps in order and reports each', async () => {
    const convex = fakeReports([step, step])
    expect(await withRun(convex, result)).toBe('completed')
    expect(convex.seen).toEqual([
      'begun',
      'started 0/1',
      'completed 0/1',
      'started 1/1',
      'completed 1/1',
      'ended completed',
    ])
    expect(convex.keys.size).toBe(6)
  })

  test('tries a step again that fails', async () => {
    const convex = fakeReports([{ ...step, failures: 2 }])
    expect(await withRun(convex, result)).toBe('completed')
    const attempts = ['started 0/1', 'failed 0/1', 'started 0/2', 'failed 0/2', 'started 0/3', 'completed 0/3']
    expect(convex.seen).toEqual(['begun', ...attempts, 'ended completed'])
  })

  test('fails when a step fails for the fifth time, in Convex and in Temporal', async () => {
    const convex = fakeReports([{ ...step, failures: 5 }, step])
    const error = await withRun(convex, failure)
    expect(error).toMatchObject({ cause: { type: 'StepFailed', nonRetryable: true } })
    expect(convex.seen.slice(-2)).toEqual([
      'failed 0/5 last',
      'ended failed: "a step" failed on purpose, attempt 5 of 5 that do',
    ])
    expect(convex.seen).not.toContain('started 1/1')
  })

  test('is cancelled in the middle of a step', async () => {
    const convex = fakeReports([{ ...step, durationMs: 60_000 }])
    const error = await withRun(convex, async (runId) => {
      await expect.poll(() => convex.seen, { timeout: 10_000 }).toContain('started 0/1')
      await temporalStarter(env.client, '').cancel(runId)
      return await failure(runId)
    })
    expect(error).toBeInstanceOf(CancelledFailure)
    expect(convex.seen).toEqual(['begun', 'started 0/1', 'ended cancelled'])
  })

  test('does nothing for a run that ended while it waited', async () => {
    const convex = fakeReports([step], { begin: async () => ({ proceed: false, steps: [] }) })
    expect(await withRun(convex, result)).toBe('ended before it began')
    expect(convex.seen).toEqual([])
  })

  test('waits for Convex in the middle of a step; that is no failure of it', async () => {
    let outages = 2
    const away = async (): Promise<null> => {
      outages -= 1
      if (outages >= 0) throw new TypeError('fetch failed')
      return null
    }
    const convex = fakeReports([step], { stepCompleted: away })
    expect(await withRun(convex, result)).toBe('completed')
    expect(convex.seen).toEqual(['begun', 'started 0/1', 'ended completed'])
  })

  test('does not do a step again that Convex has as done', async () => {
    const convex = fakeReports([{ ...step, durationMs: 60_000 }], { stepStarted: async () => ({ go: 'done' }) })
    expect(await withRun(convex, result)).toBe('completed')
  })

  test.each<[string, Partial<Reports>]>([
    ['says to stop', { stepStarted: async () => ({ go: 'stop', reason: 'no longer wanted' }) }],
    [
      'refuses a report',
      {
        stepStarted: async () => await Promise.reject(ApplicationFailure.nonRetryable('no longer wanted', 'NOT_FOUND')),
      },
    ],
  ])('fails at once when Convex %s', async (_, override) => {
    const convex = fakeReports([step], override)
    await withRun(convex, failure)
    expect(convex.seen).toEqual(['begun', 'ended failed: no longer wanted'])
  })

  test('is never started a second time, neither while it runs nor afterwards', async () => {
    const convex = fakeReports([step])
    await withRun(convex, async (runId) => {
      const starter = temporalStarter(env.client, 'elsewhere')
      expect(await starter.start(runId)).toBe(false)
      await result(runId)
      expect(await starter.start(runId)).toBe(false)
      expect(await starter.stateOf(runId)).toEqual({ state: 'ended', name: 'completed' })
      await starter.cancel(runId)
    })
  })

  test('what never was is unknown, and cancelling it is no error', async () => {
    const starter = temporalStarter(env.client, 'elsewhere')
    expect(await starter.stateOf('nothing')).toMatchObject({ state: 'unknown' })
    await starter.cancel('nothing')
  })

  test('its code replays the histories of all these runs', async () => {
    const histories: { workflowId: string; history: unknown }[] = []
    for (let run = 1; run <= runs; run += 1) {
      const workflowId = `run-${run}`
      histories.push({ workflowId, history: await env.client.workflow.getHandle(workflowId).fetchHistory() })
    }
    const errors: unknown[] = []
    for await (const { error } of Worker.runReplayHistories({ workflowBundle: bundle }, histories)) errors.push(error)
    expect(errors.length).toBeGreaterThan(5)
    expect(errors.filter(Boolean)).toEqual([])
  })
})
