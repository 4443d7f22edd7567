import type { RunStatus, StepStatus } from '@nebula/shared'

interface Look {
  readonly label: string
  readonly color: string
  readonly icon: string
  readonly waits?: boolean
}

/** Shape and word say it as well as colour does. Paths are drawn in a square of 16. */
const LOOKS: Readonly<Record<RunStatus | StepStatus | 'cancelling', Look>> = {
  queued: { label: 'Queued', color: 'text-muted', icon: 'M8 4.5V8l2.3 1.5' },
  pending: { label: 'Pending', color: 'text-muted', icon: '' },
  running: { label: 'Running', color: 'text-accent', icon: 'M6.5 5.2v5.6L11 8z', waits: true },
  retrying: { label: 'Retrying', color: 'text-warn', icon: 'M10.8 8A2.8 2.8 0 1 1 9.6 5.7M10.8 4.4v2h-2', waits: true },
  cancelling: { label: 'Cancelling', color: 'text-warn', icon: 'M5.5 8h5', waits: true },
  completed: { label: 'Completed', color: 'text-good', icon: 'M5.2 8.2l2 2 3.7-4.2' },
  failed: { label: 'Failed', color: 'text-bad', icon: 'M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4' },
  cancelled: { label: 'Cancelled', color: 'text-muted', icon: 'M5.5 8h5' },
}

/** What a run shows: one that is to be cancelled and has not ended yet is being cancelled. */
export function shownStatus(run: {
  readonly status: RunStatus
  readonly cancelRequested: boolean
}): RunStatus | 'cancelling' {
  return run.cancelRequested && (run.status === 'running' || run.status === 'queued') ? 'cancelling' : run.status
}

/** The status of a run or of a step: shape, colour and word. */
export function Status({ status }: { readonly status: keyof typeof LOOKS }) {
  const { label, color, icon, waits } = LOOKS[status]
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium ${color}`}>
      <svg
        viewBox="0 0 16 16"
        aria-hidden="true"
        className={`size-4 shrink-0 ${waits ? 'waits' : ''}`}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <circle cx="8" cy="8" r="6.5" strokeDasharray={status === 'pending' ? '2 2.5' : undefined} />
        <path d={icon} />
      </svg>
      {label}
    </span>
  )
}
