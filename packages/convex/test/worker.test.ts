import { MAX_ATTEMPTS } from '@nebula/shared'
import { expect, test, vi } from 'vitest'
import { api } from '../convex/_generated/api.js'
import { backend, newRun } from './backend.ts'

const begin = { temporalRunId: 't', workerIdentity: 'w' }

test('nobody but a service may report or see what waits', async () => {
  const { person } = backend()
  const runId = await person.mutation(api.runs.create, newRun())
  await expect(person.query(api.worker.queued, {})).rejects.toThrow('NOT_ALLOWED')
  await expect(person.mutation(api.worker.begin, { runId, key: 'k', report: begin })).rejects.toThrow('NOT_ALLOWED')
  const stranger = person.withIdentity({ issuer: 'https://elsewhere.invalid', subject: 'worker-1' })
  await expect(stranger.query(api.worker.queued, {})).rejects.toThrow('NOT_ALLOWED')
})

test('a run goes from the queue to its end, step by step', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun(2))
  expect(await service.query(api.worker.queued, {})).toEqual([runId])
  const started = await service.mutation(api.worker.begin, { runId, key: 'begin', report: begin })
  expect(started).toMatchObject({ proceed: true, steps: [{ label: 'Step 0' }, { label: 'Step 1' }] })
  expect(await service.query(api.worker.queued, {})).toEqual([])
  expect(await service.query(api.worker.open, {})).toEqual({ queued: [], running: [runId] })
  for (const position of [0, 1]) {
    await service.mutation(api.worker.stepStarted, {
      runId,
      key: `s${position}`,
      report: { position, attempt: 1, workerIdentity: 'w' },
    })
    await service.mutation(api.worker.stepCompleted, { runId, key: `c${position}`, report: { position, attempt: 1 } })
  }
  await service.mutation(api.worker.end, { runId, key: 'end', report: { status: 'completed' } })
  const run = await person.query(api.runs.get, { runId })
  expect(run).toMatchObject({ status: 'completed', completedSteps: 2, workerIdentity: 'w', temporalRunId: 't' })
  expect(run?.endedAt).toBeGreaterThanOrEqual(run?.startedAt ?? Number.NaN)
})

test('the same report twice counts once and gets the same answer', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun(2))
  const once = await service.mutation(api.worker.begin, { runId, key: 'begin', report: begin })
  const report = { runId, key: 'done', report: { position: 0, attempt: 1 } }
  await service.mutation(api.worker.stepCompleted, report)
  await service.mutation(api.worker.stepCompleted, report)
  expect(await person.query(api.runs.get, { runId })).toMatchObject({ completedSteps: 1 })
  expect(await service.mutation(api.worker.begin, { runId, key: 'begin', report: begin })).toEqual(once)
})

test('a second completion under another key does not count again', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun(2))
  await service.mutation(api.worker.stepCompleted, { runId, key: 'a', report: { position: 0, attempt: 1 } })
  await service.mutation(api.worker.stepCompleted, { runId, key: 'b', report: { position: 0, attempt: 2 } })
  expect(await person.query(api.runs.get, { runId })).toMatchObject({ completedSteps: 1, steps: [{ attempts: 1 }, {}] })
})

test('a failed attempt is followed by another, the last one ends the step', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun())
  await service.mutation(api.worker.stepFailed, {
    runId,
    key: '1',
    report: { position: 0, attempt: 1, error: 'no', last: false },
  })
  expect((await person.query(api.runs.get, { runId }))?.steps[0]).toMatchObject({
    status: 'retrying',
    attempts: 1,
    error: 'no',
  })
  await service.mutation(api.worker.stepFailed, {
    runId,
    key: 'n',
    report: { position: 0, attempt: MAX_ATTEMPTS, error: 'no', last: true },
  })
  expect((await person.query(api.runs.get, { runId }))?.steps[0]).toMatchObject({
    status: 'failed',
    attempts: MAX_ATTEMPTS,
  })
})

test('an attempt learns whether its work is still wanted', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun(2))
  await service.mutation(api.worker.begin, { runId, key: 'begin', report: begin })
  const start = async (position: number, attempt: number) =>
    await service.mutation(api.worker.stepStarted, {
      runId,
      key: `${position}/${attempt}`,
      report: { position, attempt, workerIdentity: 'w' },
    })
  expect(await start(0, 2)).toEqual({ go: 'work' })
  expect(await start(0, 1)).toEqual({ go: 'stop', reason: 'attempt 2 is under way' })
  await service.mutation(api.worker.stepCompleted, { runId, key: 'c', report: { position: 0, attempt: 2 } })
  expect(await start(0, 3)).toEqual({ go: 'done' })
  const failed = { position: 1, attempt: 5, error: 'no', last: true }
  await service.mutation(api.worker.stepFailed, { runId, key: 'f', report: failed })
  expect(await start(1, 6)).toEqual({ go: 'stop', reason: 'no' })
  await service.mutation(api.worker.end, { runId, key: 'end', report: { status: 'failed' } })
  expect(await start(1, 7)).toEqual({ go: 'stop', reason: 'the run is failed already' })
})

test('a service sees which runs are open, apart from those that have ended', async () => {
  const { person, service } = backend()
  const [waiting, running, ended] = [
    await person.mutation(api.runs.create, newRun()),
    await person.mutation(api.runs.create, newRun()),
    await person.mutation(api.runs.create, newRun()),
  ]
  await service.mutation(api.worker.begin, { runId: running, key: 'b', report: begin })
  await person.mutation(api.runs.cancel, { runId: ended })
  expect(await service.query(api.worker.open, {})).toEqual({ queued: [waiting], running: [running] })
})

test('nothing that comes late reopens a run that has ended', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun())
  await person.mutation(api.runs.cancel, { runId })
  expect(await service.mutation(api.worker.begin, { runId, key: 'b', report: begin })).toMatchObject({ proceed: false })
  await service.mutation(api.worker.stepStarted, {
    runId,
    key: 's',
    report: { position: 0, attempt: 1, workerIdentity: 'w' },
  })
  await service.mutation(api.worker.stepCompleted, { runId, key: 'c', report: { position: 0, attempt: 1 } })
  expect(await service.mutation(api.worker.end, { runId, key: 'e', report: { status: 'completed' } })).toBe(false)
  expect(await person.query(api.runs.get, { runId })).toMatchObject({
    status: 'cancelled',
    completedSteps: 0,
    steps: [{ status: 'cancelled' }],
  })
})

test('idempotency keys are forgotten an hour after the run ended', async () => {
  vi.useFakeTimers()
  try {
    const { person, service } = backend()
    const runId = await person.mutation(api.runs.create, newRun())
    await service.mutation(api.worker.end, { runId, key: 'e', report: { status: 'completed' } })
    const keys = () => person.run(async (ctx) => (await ctx.db.query('serviceCalls').collect()).length)
    expect(await keys()).toBe(1)
    await person.finishAllScheduledFunctions(() => vi.advanceTimersByTime(60 * 60 * 1000 + 1))
    expect(await keys()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
