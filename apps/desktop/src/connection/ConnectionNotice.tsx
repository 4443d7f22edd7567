import { count } from '../ui/format.ts'
import type { Connection } from './useConnection.ts'

/** Says over the page that it is not live, and that nothing gets lost. It moves nothing. */
export function ConnectionNotice({ state, unsent }: Connection) {
  return (
    <div role="status" className="pointer-events-none fixed inset-x-0 bottom-12 z-30 flex justify-center px-3">
      {(state === 'reconnecting' || state === 'unreachable') && (
        <p className="flex items-center gap-2 rounded-2xl border border-warn bg-warn-soft px-4 py-1.5 text-warn shadow-lg">
          <span aria-hidden="true" className="waits size-2 shrink-0 rounded-full bg-warn" />
          <span>
            <strong className="font-semibold">{state === 'reconnecting' ? 'Reconnecting…' : 'Connecting…'}</strong>{' '}
            {unsent > 0 && `${count(unsent, 'change')} will be sent when the backend is back.`}
            {unsent === 0 && state === 'reconnecting' && 'What you see may be old.'}
            {unsent === 0 && state === 'unreachable' && (
              <>
                The backend does not answer yet; <code className="font-mono">npm run status</code> says how it is.
              </>
            )}
          </span>
        </p>
      )}
    </div>
  )
}
