import { api } from '@nebula/convex/api'
import { ConvexClient } from 'convex/browser'

export type RunIds = readonly string[]

/** What the worker follows live in Convex. */
export interface Subscriptions {
  /** Calls `onRuns` with the runs that wait for a worker, now and whenever they change. */
  onQueued(onRuns: (runIds: RunIds) => void): void
  /** The same for the runs that are to be cancelled. */
  onToCancel(onRuns: (runIds: RunIds) => void): void
  /** The runs that are under way. */
  running(): Promise<RunIds>
  close(): Promise<void>
}

/** Follows Convex over its WebSocket; the client comes back by itself after any loss. */
export function convexSubscriptions(
  url: string,
  token: (options?: { fresh?: boolean }) => Promise<string>,
  onError: (error: unknown) => void,
): Subscriptions {
  const client = new ConvexClient(url, { unsavedChangesWarning: false, logger: false })
  client.setAuth(({ forceRefreshToken }) => token({ fresh: forceRefreshToken }))
  return {
    onQueued: (onRuns) => void client.onUpdate(api.worker.queued, {}, onRuns, onError),
    onToCancel: (onRuns) => void client.onUpdate(api.worker.toCancel, {}, onRuns, onError),
    running: () => client.query(api.worker.running, {}),
    close: () => client.close(),
  }
}
