import type { api } from '@nebula/convex/api'
import type { Doc } from '@nebula/convex/dataModel'
import type { FunctionReturnType } from 'convex/server'

/** A run as the list has it. */
export type Run = Doc<'runs'>

/** A run with its steps in order. */
export type RunWithSteps = NonNullable<FunctionReturnType<typeof api.runs.get>>

export type Step = RunWithSteps['steps'][number]

/** Whether a run is shown before the backend knows of it: its id is none of Convex' then. */
export function isUnsent(run: { readonly _id: string }): boolean {
  return run._id.startsWith(UNSENT)
}

export const UNSENT = 'unsent:'
