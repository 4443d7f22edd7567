import { api } from '@nebula/convex/api'
import { isFinal, type NewRun } from '@nebula/shared'
import type { OptimisticLocalStore } from 'convex/browser'
import { insertAtTop, optimisticallyUpdateValueInPaginatedQuery } from 'convex/react'
import { type Run, UNSENT } from './types.ts'

/** Shows a new run at once, at the top of the list. */
export function showCreated(store: OptimisticLocalStore, { title, steps }: NewRun): void {
  insertQueued(store, { title, totalSteps: steps.length })
}

/** Shows at once that a run is to be cancelled; one that waits is cancelled right away, as Convex will do. */
export function showCancelled(store: OptimisticLocalStore, { runId }: { readonly runId: string }): void {
  const change = <T extends Run>(run: T): T => {
    if (run._id !== runId || isFinal(run.status)) return run
    return { ...run, cancelRequested: true, ...(run.status === 'queued' ? { status: 'cancelled' as const } : {}) }
  }
  optimisticallyUpdateValueInPaginatedQuery(store, api.runs.list, {}, change)
  const run = store.getQuery(api.runs.get, { runId })
  if (run) store.setQuery(api.runs.get, { runId }, change(run))
}

/** Shows the run that tries it again at once. */
export function showRetried(store: OptimisticLocalStore, { runId }: { readonly runId: string }): void {
  const run = store.getQuery(api.runs.get, { runId })
  if (run && !run.retriedAs) insertQueued(store, { title: run.title, totalSteps: run.totalSteps })
}

function insertQueued(store: OptimisticLocalStore, { title, totalSteps }: Pick<Run, 'title' | 'totalSteps'>): void {
  const item: Run = {
    // No id of Convex': the list is its only reader, and knows it by its beginning.
    _id: (UNSENT + crypto.randomUUID()) as Run['_id'],
    _creationTime: Date.now(),
    title,
    totalSteps,
    completedSteps: 0,
    status: 'queued',
    cancelRequested: false,
  }
  insertAtTop({ paginatedQuery: api.runs.list, localQueryStore: store, item })
}
