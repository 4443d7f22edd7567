import { isFinal } from '@nebula/shared'
import { useState } from 'react'
import { goTo, runHref } from '../app/useRoute.ts'
import { messageOf } from './messageOf.ts'
import type { Run } from './types.ts'
import { useRunActions } from './useRunActions.ts'

/** What can be done with a run now: cancel it, try it again, or go to the run that does. */
export function RunActions({ run }: { readonly run: Run }) {
  const { cancel, retry } = useRunActions()
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<string | null>(null)

  const act = async (action: () => Promise<unknown>) => {
    setPending(true)
    setError(null)
    try {
      await action()
    } catch (reason) {
      setError(messageOf(reason))
    } finally {
      setPending(false)
    }
  }

  // Only for who still looks at it: the backend may have answered much later.
  const follow = (retriedAs: string) => {
    if (window.location.hash === runHref(run._id)) goTo(runHref(retriedAs))
  }

  return (
    <div className="flex flex-wrap items-center justify-end gap-2">
      {!isFinal(run.status) && (
        <button
          type="button"
          className="button"
          disabled={run.cancelRequested}
          onClick={() => void act(() => cancel({ runId: run._id }))}
        >
          {run.cancelRequested ? 'Cancelling…' : 'Cancel'}
        </button>
      )}
      {run.retriedAs ? (
        <a className="button" href={runHref(run.retriedAs)}>
          Go to its retry
        </a>
      ) : (
        (run.status === 'failed' || run.status === 'cancelled') && (
          <button
            type="button"
            className="button button-primary"
            disabled={pending}
            onClick={() => void act(async () => follow(await retry({ runId: run._id })))}
          >
            Retry
          </button>
        )
      )}
      {error && (
        <p role="alert" className="w-full text-bad">
          {error}
        </p>
      )}
    </div>
  )
}
