import { MAX_ATTEMPTS } from '@nebula/shared'
import { Duration } from '../ui/Duration.tsx'
import { formatDuration } from '../ui/format.ts'
import { Status } from '../ui/Status.tsx'
import { Time } from '../ui/Time.tsx'
import type { Step } from './types.ts'

/** The steps of a run in order, with what came of them so far. */
export function StepList({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol className="divide-y divide-line rounded-lg border border-line">
      {steps.map((step) => (
        <li key={step._id} className="grid grid-cols-[minmax(0,1fr)_7rem] gap-x-3 gap-y-0.5 px-3 py-2">
          <span className="min-w-0 font-medium break-words">{step.label}</span>
          <Status status={step.status} />
          <span className="text-muted">
            {step.startedAt === undefined ? planOf(step) : <Time at={step.startedAt} />}
            {step.attempts > 0 && ` · attempt ${step.attempts}/${MAX_ATTEMPTS}`}
          </span>
          <span className="text-muted">
            <span className="sr-only">Duration </span>
            <Duration from={step.startedAt} to={step.endedAt} />
          </span>
          {step.error && (
            <span className={`col-span-2 break-words ${step.status === 'failed' ? 'text-bad' : 'text-muted'}`}>
              {step.status === 'failed' ? '' : 'Last error: '}
              {step.error}
            </span>
          )}
        </li>
      ))}
    </ol>
  )
}

/** What a step that has not begun will do. */
function planOf({ durationMs, failures }: Step): string {
  const work = `${formatDuration(durationMs)} of work`
  return failures === 0 ? work : `${work}, fails first ${failures === 1 ? 'once' : `${failures} times`}`
}
