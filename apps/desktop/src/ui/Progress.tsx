import type { RunStatus } from '@nebula/shared'

const FILLS: Readonly<Record<RunStatus, string>> = {
  queued: 'bg-control',
  running: 'bg-accent',
  completed: 'bg-good',
  failed: 'bg-bad',
  cancelled: 'bg-control',
}

interface ProgressProps {
  readonly done: number
  readonly total: number
  readonly status: RunStatus
  /** What is progressing, for who does not see it. */
  readonly label: string
}

/** How many of a run's steps are done. */
export function Progress({ done, total, status, label }: ProgressProps) {
  return (
    <span className="flex items-center gap-2">
      <span
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={`${done} of ${total} steps`}
        className="h-1.5 min-w-12 flex-1 overflow-hidden rounded-full bg-line"
      >
        <span
          className={`moves block h-full rounded-full ${FILLS[status]}`}
          style={{ width: `${total === 0 ? 0 : (done / total) * 100}%` }}
        />
      </span>
      <span aria-hidden="true" className="w-10 text-right text-muted">
        {done}/{total}
      </span>
    </span>
  )
}
