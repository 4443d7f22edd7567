import type { api } from '@nebula/convex/api'
import type { OptimisticLocalStore } from 'convex/browser'
import { getFunctionName } from 'convex/server'
import { expect, test } from 'vitest'
import { PRESETS } from '../src/newRun/presets.ts'
import { showCancelled, showCreated, showRetried } from '../src/runs/optimistic.ts'
import { isUnsent, type Run, type RunWithSteps } from '../src/runs/types.ts'
import { page, run, withSteps } from './fixtures.ts'

/** The client's view of two queries: the first page of the list, and the run that is looked at. */
function localStore(list: readonly Run[], looked?: RunWithSteps) {
  const values = new Map<string, unknown>([
    ['runs:list', page(...list)],
    ['runs:get', looked],
  ])
  const argsOf = (name: string) =>
    name === 'runs:list' ? { paginationOpts: { id: 1, numItems: 50, cursor: null } } : { runId: 'run1' }
  // As much of it as optimistic updates use, without the types of every query there could be.
  const store = {
    getQuery: (query: typeof api.runs.get) => values.get(getFunctionName(query)),
    getAllQueries: (query: typeof api.runs.list) => {
      const name = getFunctionName(query)
      return [{ args: argsOf(name), value: values.get(name) }]
    },
    setQuery: (query: typeof api.runs.get, _args: unknown, value: unknown) =>
      void values.set(getFunctionName(query), value),
  } as unknown as OptimisticLocalStore
  return {
    store,
    list: () => (values.get('runs:list') as { page: Run[] }).page, // put in above
    looked: () => values.get('runs:get') as RunWithSteps | undefined, // put in above
  }
}

test('a new run is at the top of the list before the backend has it', () => {
  const local = localStore([run({ id: 'old' })])
  const [preset] = PRESETS
  if (!preset) throw new Error('there are no presets')
  showCreated(local.store, preset)
  expect(local.list().map(({ title, status }) => [title, status])).toEqual([
    [preset.title, 'queued'],
    ['Nightly report', 'running'],
  ])
  expect(local.list().map(isUnsent)).toEqual([true, false])
})

test.each([
  ['queued', 'cancelled', true],
  ['running', 'running', true],
  ['completed', 'completed', false],
] as const)('a run that is %s and is cancelled shows as %s', (before, after, cancelRequested) => {
  const local = localStore(
    [run({ id: 'other', status: 'queued' }), run({ status: before })],
    withSteps({ status: before }),
  )
  showCancelled(local.store, { runId: 'run1' })
  expect(local.list()).toMatchObject([
    { status: 'queued', cancelRequested: false },
    { status: after, cancelRequested },
  ])
  expect(local.looked()).toMatchObject({ status: after, cancelRequested })
})

test('a retry is a new run; one that was retried already makes none', () => {
  const failed = withSteps({ status: 'failed' })
  const local = localStore([run({ status: 'failed' })], failed)
  showRetried(local.store, { runId: 'run1' })
  expect(local.list().map(({ status }) => status)).toEqual(['queued', 'failed'])

  const retried = localStore([run()], { ...failed, retriedAs: run({ id: 'run2' })._id })
  showRetried(retried.store, { runId: 'run1' })
  expect(retried.list()).toHaveLength(1)
})
