import { memo } from 'react'
import { runHref } from '../app/useRoute.ts'
import { Duration } from '../ui/Duration.tsx'
import { Progress } from '../ui/Progress.tsx'
import { Status, shownStatus } from '../ui/Status.tsx'
import { Time } from '../ui/Time.tsx'
import { isUnsent, type Run } from './types.ts'

interface RunRowProps {
  readonly run: Run
  readonly selected: boolean
}

/** One line of the list; two where there is little room. */
export const RunRow = memo(function RunRow({ run, selected }: RunRowProps) {
  const unsent = isUnsent(run)
  return (
    <li
      className={`run-row relative grid min-h-15 grid-cols-[minmax(0,1fr)_7.5rem] items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2
        @3xl:min-h-10 @3xl:grid-cols-(--run-columns) @3xl:py-0 @5xl:grid-cols-(--all-run-columns) ${selected ? 'bg-accent-soft' : 'hover:bg-raised'}
        ${unsent ? 'opacity-60' : ''}`}
    >
      <span className="min-w-0 truncate font-medium @3xl:order-2">
        {unsent ? (
          run.title
        ) : (
          <a
            href={runHref(run._id)}
            aria-current={selected ? 'true' : undefined}
            className="-outline-offset-2 after:absolute after:inset-0"
            data-run={run._id}
          >
            {run.title}
          </a>
        )}
      </span>
      <span className="@3xl:order-1">
        <Status status={shownStatus(run)} />
      </span>
      <span className="max-w-80 @3xl:order-3">
        <Progress
          done={run.completedSteps}
          total={run.totalSteps}
          status={run.status}
          label={`Progress of ${run.title}`}
        />
      </span>
      <span className="text-muted @3xl:contents">
        <Cell label="Started" className="hidden @3xl:order-4 @3xl:block">
          {run.startedAt === undefined ? '–' : <Time at={run.startedAt} />}
        </Cell>
        <Cell label="Ended" className="hidden @5xl:order-5 @5xl:block">
          {run.endedAt === undefined ? '–' : <Time at={run.endedAt} />}
        </Cell>
        <Cell label="Duration" className="@3xl:order-6">
          <Duration from={run.startedAt} to={run.endedAt} />
        </Cell>
        <Cell label="Worker" className="hidden min-w-0 truncate @5xl:order-7 @5xl:block">
          <span title={run.workerIdentity}>{run.workerIdentity ?? '–'}</span>
        </Cell>
      </span>
    </li>
  )
})

interface CellProps {
  /** What the column is, for who does not see its head. */
  readonly label: string
  readonly className: string
  readonly children: React.ReactNode
}

function Cell({ label, className, children }: CellProps) {
  return (
    <span className={className}>
      <span className="sr-only">{label} </span>
      {children}
    </span>
  )
}
