import { api } from '@nebula/convex/api'
import { ConvexClient } from 'convex/browser'
import { type Log, messageOf } from './log.ts'
import type { TokenSource } from './token.ts'

export type RunIds = readonly string[]

/** What the worker follows live in Convex. */
export interface Subscriptions {
  /** Calls `onRuns` with the runs that wait for a worker, now and whenever they change. */
  onQueued(onRuns: (runIds: RunIds) => void): void
  /** The same for the runs that are to be cancelled. */
  onToCancel(onRuns: (runIds: RunIds) => void): void
  /** Says good-bye to Convex, without waiting for its answer: it may not answer any more. */
  close(): void
}

/** Milliseconds until the worker signs in again when Convex did not accept its token. */
const SIGN_IN_PAUSE_MS = 5_000

/** Follows Convex over its WebSocket; the client comes back by itself after any loss of the connection. */
export function convexSubscriptions(url: string, token: TokenSource, log: Log): Subscriptions {
  const client = new ConvexClient(url, { unsavedChangesWarning: false, logger: false })
  let timer: NodeJS.Timeout | undefined
  const signIn = () =>
    client.setAuth(
      ({ forceRefreshToken }) => token({ fresh: forceRefreshToken }),
      (accepted) => {
        if (accepted || client.closed) return
        // The client itself gives up after two tries, and would hear nothing any more.
        log.warn('Convex does not accept the token; signing in again', { pauseMs: SIGN_IN_PAUSE_MS })
        clearTimeout(timer)
        timer = setTimeout(signIn, SIGN_IN_PAUSE_MS)
      },
    )
  signIn()
  const onError = (error: Error) => log.warn('Convex refuses a subscription', { error: messageOf(error) })
  return {
    onQueued: (onRuns) => void client.onUpdate(api.worker.queued, {}, onRuns, onError),
    onToCancel: (onRuns) => void client.onUpdate(api.worker.toCancel, {}, onRuns, onError),
    close: () => {
      clearTimeout(timer)
      client.close().catch(() => {})
    },
  }
}
