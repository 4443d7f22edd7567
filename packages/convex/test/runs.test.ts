import { expect, test } from 'vitest'
import { api } from '../convex/_generated/api.js'
import { backend, newRun } from './backend.ts'

test('a new run waits, with its steps in order', async () => {
  const { person } = backend()
  const runId = await person.mutation(api.runs.create, newRun(3))
  const run = await person.query(api.runs.get, { runId })
  expect(run).toMatchObject({ title: 'A run', status: 'queued', totalSteps: 3, completedSteps: 0 })
  expect(run?.steps.map((step) => step.label)).toEqual(['Step 0', 'Step 1', 'Step 2'])
})

test('a run that makes no sense is refused with the reason', async () => {
  const { person } = backend()
  await expect(person.mutation(api.runs.create, { title: ' ', steps: [] })).rejects.toThrow('give the run a title')
})

test('runs are listed newest first, a page at a time', async () => {
  const { person } = backend()
  for (const title of ['one', 'two', 'three']) await person.mutation(api.runs.create, { ...newRun(), title })
  const first = await person.query(api.runs.list, { paginationOpts: { numItems: 2, cursor: null } })
  expect(first.page.map((run) => run.title)).toEqual(['three', 'two'])
  const second = await person.query(api.runs.list, { paginationOpts: { numItems: 2, cursor: first.continueCursor } })
  expect(second.page.map((run) => run.title)).toEqual(['one'])
})

test('an id that is none finds nothing', async () => {
  const { person } = backend()
  expect(await person.query(api.runs.get, { runId: 'nonsense' })).toBeNull()
})

test('a waiting run is cancelled at once, a running one is asked to', async () => {
  const { person, service } = backend()
  const waiting = await person.mutation(api.runs.create, newRun())
  await person.mutation(api.runs.cancel, { runId: waiting })
  expect(await person.query(api.runs.get, { runId: waiting })).toMatchObject({
    status: 'cancelled',
    steps: [{ status: 'cancelled' }],
  })

  const running = await person.mutation(api.runs.create, newRun())
  await service.mutation(api.worker.begin, {
    runId: running,
    key: 'b',
    report: { temporalRunId: 't', workerIdentity: 'w' },
  })
  await person.mutation(api.runs.cancel, { runId: running })
  expect(await person.query(api.runs.get, { runId: running })).toMatchObject({
    status: 'running',
    cancelRequested: true,
  })
  expect(await service.query(api.worker.toCancel, {})).toEqual([running])
})

test('what is not there can be neither cancelled nor retried', async () => {
  const { person } = backend()
  await expect(person.mutation(api.runs.cancel, { runId: 'nonsense' })).rejects.toThrow('NOT_FOUND')
  await expect(person.mutation(api.runs.retry, { runId: 'nonsense' })).rejects.toThrow('NOT_FOUND')
})

test('a run that has ended stays as it is when it is cancelled', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun())
  await service.mutation(api.worker.end, { runId, key: 'e', report: { status: 'completed' } })
  const before = await person.query(api.runs.get, { runId })
  await person.mutation(api.runs.cancel, { runId })
  expect(await person.query(api.runs.get, { runId })).toEqual(before)
})

test('a failed run is retried as a new one, once', async () => {
  const { person, service } = backend()
  const runId = await person.mutation(api.runs.create, newRun(2))
  await expect(person.mutation(api.runs.retry, { runId })).rejects.toThrow('NOT_RETRYABLE')
  await service.mutation(api.worker.end, { runId, key: 'e', report: { status: 'failed', error: 'broken' } })
  const again = await person.mutation(api.runs.retry, { runId })
  expect(await person.mutation(api.runs.retry, { runId })).toBe(again)
  expect(await person.query(api.runs.get, { runId: again })).toMatchObject({
    status: 'queued',
    retryOf: runId,
    totalSteps: 2,
  })
  expect(await person.query(api.runs.get, { runId })).toMatchObject({ status: 'failed', retriedAs: again })
})
