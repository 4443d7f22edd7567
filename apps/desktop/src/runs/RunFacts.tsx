import { runHref } from '../app/useRoute.ts'
import { Duration } from '../ui/Duration.tsx'
import { Time } from '../ui/Time.tsx'
import type { Run } from './types.ts'

/** When, how long, by whom, and of which other run. */
export function RunFacts({ run }: { readonly run: Run }) {
  return (
    <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-6 gap-y-1.5">
      <Fact name="Created">
        <Time at={run._creationTime} />
      </Fact>
      <Fact name="Started">{run.startedAt === undefined ? 'Waits for a worker' : <Time at={run.startedAt} />}</Fact>
      <Fact name="Ended">{run.endedAt === undefined ? '–' : <Time at={run.endedAt} />}</Fact>
      <Fact name="Duration">
        <Duration from={run.startedAt} to={run.endedAt} />
      </Fact>
      <Fact name="Worker">
        <span className="break-all">{run.workerIdentity ?? '–'}</span>
      </Fact>
      <Fact name="Id">
        <code className="font-mono break-all">{run._id}</code>
      </Fact>
      {run.retryOf && (
        <Fact name="Retry of">
          <a className="link break-all" href={runHref(run.retryOf)}>
            {run.retryOf}
          </a>
        </Fact>
      )}
    </dl>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}
