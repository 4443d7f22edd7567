import { RUN_WORKFLOW } from '@nebula/shared'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { environment } from './environment.ts'
import { type FakeConvex, fakeConvex } from './fakeConvex.ts'
import { temporalCli } from './temporalCli.ts'
import { WorkerProcess } from './workerProcess.ts'

const cli = temporalCli()
const PATIENTLY = { timeout: 30_000, interval: 100 }
let worker: WorkerProcess | undefined
let convex: FakeConvex | undefined

afterEach(async () => {
  worker?.signal('SIGKILL')
  await worker?.exited()
  await convex?.close()
  convex = undefined
})

test('a worker without its environment ends, and names what is missing', async () => {
  worker = new WorkerProcess({})
  expect(await worker.exited()).toBe(1)
  expect(worker.output).toContain('NEBULA_SERVICE_KEY')
  expect(worker.output).not.toContain('    at ')
})

test('a worker waits for services that are not there, and can be stopped meanwhile', async () => {
  const nowhere = { TEMPORAL_ADDRESS: '127.0.0.1:1', CONVEX_URL: 'http://127.0.0.1:1' }
  const waiting = new WorkerProcess({ ...(await environment()), ...nowhere })
  worker = waiting
  await expect.poll(() => waiting.output, PATIENTLY).toContain('waiting for Temporal')
  await expect.poll(() => waiting.output, PATIENTLY).toContain('waiting for Convex')
  expect(await waiting.health()).toBe('starting')
  waiting.signal('SIGTERM')
  expect(await waiting.exited()).toBe(0)
})

describe.skipIf(cli === undefined)("a worker on Temporal's dev server", () => {
  let temporal: TestWorkflowEnvironment

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') })
    temporal = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path: cli ?? '' }, extraArgs: ['--log-level', 'never'] },
    })
  })
  afterAll(async () => await temporal.teardown())

  /** Starts a worker and a run with one step, and waits until the step is under way. */
  async function inTheMiddleOfAStep(runId: string, durationMs: number) {
    const backend = await fakeConvex([{ label: 'a step', durationMs, failures: 0 }])
    convex = backend
    const started = new WorkerProcess({
      ...(await environment()),
      TEMPORAL_ADDRESS: temporal.address,
      CONVEX_URL: backend.url,
      TEMPORAL_TASK_QUEUE: runId,
    })
    worker = started
    await expect.poll(async () => await started.health(), PATIENTLY).toBe('ok')
    await temporal.client.workflow.start(RUN_WORKFLOW, { workflowId: runId, taskQueue: runId, args: [{ runId }] })
    await expect.poll(() => backend.called, PATIENTLY).toContain('worker:stepStarted')
    return { started, backend }
  }

  test('lets a running step end when it is asked to stop', async () => {
    const { started, backend } = await inTheMiddleOfAStep('drains', 1_500)
    started.signal('SIGTERM')
    await expect.poll(async () => await started.health(), PATIENTLY).toBe('stopping')
    expect(await started.exited()).toBe(0)
    expect(backend.called).toContain('worker:stepCompleted')
    expect(backend.called).not.toContain('worker:end')
  })

  test('stops at once when it is asked twice', async () => {
    const { started, backend } = await inTheMiddleOfAStep('hurries', 60_000)
    started.signal('SIGINT')
    await expect.poll(async () => await started.health(), PATIENTLY).toBe('stopping')
    started.signal('SIGINT')
    expect(await started.exited()).toBe(1)
    expect(backend.called).not.toContain('worker:stepCompleted')
  })
})
