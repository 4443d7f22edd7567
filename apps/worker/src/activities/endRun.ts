import type { ActivityContext } from './activities.ts'
import { reportKey } from './reportKey.ts'

export type Ending =
  | { readonly status: 'completed' | 'cancelled' }
  | { readonly status: 'failed'; readonly error: string }

/** Tells Convex how a run ended. */
export function endRun({ reports }: ActivityContext) {
  return async (runId: string, ending: Ending): Promise<void> => {
    await reports.end(runId, reportKey(), ending)
  }
}
