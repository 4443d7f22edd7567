import type { Metrics } from '../metrics.ts'
import type { Reports } from '../reports.ts'
import { beginRun } from './beginRun.ts'
import { endRun } from './endRun.ts'
import { runStep } from './runStep.ts'

export interface ActivityContext {
  readonly reports: Reports
  readonly metrics: Metrics
  /** Which worker this is, for people. */
  readonly identity: string
}

/** Everything that workflows may ask a worker to do. */
export function createActivities(context: ActivityContext) {
  return {
    beginRun: beginRun(context),
    runStep: runStep(context),
    endRun: endRun(context),
  }
}

export type Activities = ReturnType<typeof createActivities>
