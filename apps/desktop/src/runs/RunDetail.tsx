import { api } from '@nebula/convex/api'
import { isFinal } from '@nebula/shared'
import { useQuery } from 'convex/react'
import { useEffect, useRef } from 'react'
import { LIST_HREF } from '../app/useRoute.ts'
import { useSettings } from '../stack/SettingsContext.ts'
import { Progress } from '../ui/Progress.tsx'
import { Status, shownStatus } from '../ui/Status.tsx'
import { RunActions } from './RunActions.tsx'
import { RunFacts } from './RunFacts.tsx'
import { StepList } from './StepList.tsx'
import type { RunWithSteps } from './types.ts'

/** A run with everything that is known of it, live. */
export function RunDetail({ runId }: { readonly runId: string }) {
  const run = useQuery(api.runs.get, { runId })
  if (run === undefined) return <Waiting />
  if (run === null) return <Unknown runId={runId} />
  return <Known run={run} />
}

function Known({ run }: { readonly run: RunWithSteps }) {
  const { workflowUrl } = useSettings()
  const heading = useRef<HTMLHeadingElement>(null)
  // Where the list had to make room for the run, what had the focus is gone.
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.checkVisibility() === false) {
      heading.current?.focus()
    }
  }, [])
  return (
    <article aria-labelledby="run-title" className="flex flex-col gap-5 p-4 sm:p-5">
      <header className="flex flex-col gap-3">
        <div className="flex min-h-8 flex-wrap items-center justify-between gap-3">
          <h2 ref={heading} id="run-title" tabIndex={-1} className="min-w-0 text-lg font-semibold break-words">
            {run.title}
          </h2>
          <RunActions run={run} />
        </div>
        <p aria-live="polite" className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <Status status={shownStatus(run)} />
          {run.error && isFinal(run.status) && <span className="min-w-0 break-words text-bad">{run.error}</span>}
        </p>
        <Progress done={run.completedSteps} total={run.totalSteps} status={run.status} label="Progress" />
      </header>
      <RunFacts run={run} />
      <section aria-labelledby="run-steps" className="flex flex-col gap-2">
        <h3 id="run-steps" className="font-semibold">
          Steps
        </h3>
        <StepList steps={run.steps} />
      </section>
      <p>
        <a className="link" href={workflowUrl(run._id, run.temporalRunId)} target="_blank" rel="noreferrer">
          Open its workflow in Temporal<span aria-hidden="true"> ↗</span>
          <span className="sr-only"> (in a new tab)</span>
        </a>
      </p>
    </article>
  )
}

function Waiting() {
  return (
    <div role="status" className="flex flex-col gap-4 p-5">
      <span className="sr-only">Loading the run…</span>
      <span className="waits h-5 w-1/2 rounded bg-line" />
      <span className="waits h-3 w-1/4 rounded bg-line" />
      <span className="waits h-24 rounded bg-line" />
    </div>
  )
}

function Unknown({ runId }: { readonly runId: string }) {
  return (
    <div className="flex flex-col items-start gap-3 p-5">
      <h2 className="text-lg font-semibold">There is no such run</h2>
      <p className="text-muted">
        Nothing has the id <code className="font-mono break-all">{runId}</code>. The data may have been reset since.
      </p>
      <a className="link" href={LIST_HREF}>
        All runs
      </a>
    </div>
  )
}
