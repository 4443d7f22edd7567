import { api } from '@nebula/convex/api'
import { usePaginatedQuery } from 'convex/react'
import { useRef } from 'react'
import { moveFocus, useReturnedFocus } from './listFocus.ts'
import { RunsEmpty, RunsLoading } from './RunListPlaceholders.tsx'
import { RunRow } from './RunRow.tsx'
import { useWhenVisible } from './useWhenVisible.ts'

const PAGE = 50
const COLUMNS = [
  { name: 'Status' },
  { name: 'Run' },
  { name: 'Progress' },
  { name: 'Started' },
  { name: 'Ended', look: 'hidden @5xl:block' },
  { name: 'Duration' },
  { name: 'Worker', look: 'hidden @5xl:block' },
]

interface RunListProps {
  readonly selected: string | null
  readonly onNew: () => void
}

/** All runs, newest first, live; the next page comes as the end comes near. */
export function RunList({ selected, onNew }: RunListProps) {
  const { results, status, loadMore } = usePaginatedQuery(api.runs.list, {}, { initialNumItems: PAGE })
  const more = useWhenVisible(status === 'CanLoadMore', () => loadMore(PAGE))
  const list = useRef<HTMLUListElement>(null)
  useReturnedFocus(selected, list)

  if (status === 'LoadingFirstPage') return <RunsLoading />
  if (results.length === 0) return <RunsEmpty onNew={onNew} />
  return (
    <>
      <div
        aria-hidden="true"
        className="sticky top-0 z-10 hidden h-8 grid-cols-(--run-columns) items-center gap-x-4 border-b border-line bg-surface px-4 text-muted @3xl:grid @5xl:grid-cols-(--all-run-columns)"
      >
        {COLUMNS.map(({ name, look }) => (
          <span key={name} className={look}>
            {name}
          </span>
        ))}
      </div>
      {/* Arrow keys go from link to link; the links are what is operated. */}
      <ul ref={list} aria-label="Runs, newest first" onKeyDown={moveFocus}>
        {results.map((run) => (
          <RunRow key={run._id} run={run} selected={run._id === selected} />
        ))}
      </ul>
      <div ref={more} className="flex h-14 items-center justify-center text-muted">
        {status === 'CanLoadMore' && (
          <button type="button" className="button" onClick={() => loadMore(PAGE)}>
            Load more
          </button>
        )}
        {status === 'LoadingMore' && <span role="status">Loading more…</span>}
        {status === 'Exhausted' && results.length > PAGE && `All ${results.length} runs`}
      </div>
    </>
  )
}
