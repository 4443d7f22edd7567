import { api } from '@nebula/convex/api'
import { Client, Connection } from '@temporalio/client'
import { ConvexClient } from 'convex/browser'
import type { FunctionReturnType } from 'convex/server'

export interface RunThroughOptions {
  readonly convexUrl: string
  /** `host:port` */
  readonly temporalAddress: string
  /** Milliseconds for the run to end. */
  readonly deadlineMs: number
}

type Run = NonNullable<FunctionReturnType<typeof api.runs.get>>

/** A run as it was seen live: one entry for every change that Convex sent. */
export interface ObservedRun {
  readonly final: Run
  readonly changes: number
}

const STEPS = [
  { label: 'Prepare', durationMs: 50, failures: 0 },
  { label: 'Fail once, then succeed', durationMs: 50, failures: 1 },
  { label: 'Finish', durationMs: 50, failures: 0 },
]

/**
 * Starts a run in Convex as the application does, and watches it live until it ends.
 * @throws Error when it does not end in time, or ends otherwise than it should.
 */
export async function runThrough({ convexUrl, deadlineMs }: RunThroughOptions): Promise<ObservedRun> {
  const convex = new ConvexClient(convexUrl, { unsavedChangesWarning: false })
  try {
    const runId = await withDeadline(
      convex.mutation(api.runs.create, { title: 'verify', steps: STEPS }),
      deadlineMs,
      'Convex did not take the run',
    )
    const observed = await watch(convex, runId, deadlineMs)
    const { final } = observed
    if (final.status !== 'completed')
      throw new Error(`run ${runId} is ${final.status}: ${final.error ?? 'no reason given'}`)
    const attempts = final.steps.map((step) => step.attempts).join(', ')
    if (attempts !== '1, 2, 1') throw new Error(`run ${runId}: its steps took ${attempts} attempts, expected 1, 2, 1`)
    return observed
  } finally {
    await convex.close()
  }
}

async function watch(convex: ConvexClient, runId: string, deadlineMs: number): Promise<ObservedRun> {
  let changes = 0
  let last: Run | null = null
  const { promise, resolve, reject } = Promise.withResolvers<Run>()
  const stop = convex.onUpdate(
    api.runs.get,
    { runId },
    (run) => {
      changes += 1
      last = run
      if (run && ['completed', 'failed', 'cancelled'].includes(run.status)) resolve(run)
    },
    reject,
  )
  try {
    const final = await withDeadline(promise, deadlineMs, () => {
      const status = last === null ? 'not to be seen' : `still ${last.status}`
      return `run ${runId} is ${status}`
    })
    return { final, changes }
  } finally {
    stop()
  }
}

/**
 * Reads the run's workflow back from Temporal.
 * @returns how many events its history has.
 * @throws Error when the workflow is not there, did not complete, or its history shows no retried step.
 */
export async function checkHistory({ temporalAddress, deadlineMs }: RunThroughOptions, runId: string): Promise<number> {
  const connection = await Connection.connect({ address: temporalAddress, connectTimeout: deadlineMs })
  try {
    const handle = new Client({ connection }).workflow.getHandle(runId)
    // The last report to Convex comes from the workflow, a moment before Temporal has closed it.
    await withDeadline(handle.result(), deadlineMs, `workflow ${runId} did not close`)
    const { events } = await handle.fetchHistory()
    const attempts = (events ?? []).map((event) => event.activityTaskStartedEventAttributes?.attempt ?? 0)
    if (Math.max(0, ...attempts) !== 2) throw new Error(`workflow ${runId}: no second attempt in its history`)
    return events?.length ?? 0
  } finally {
    await connection.close()
  }
}

async function withDeadline<T>(promise: Promise<T>, deadlineMs: number, what: string | (() => string)): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new Error(`${typeof what === 'string' ? what : what()} after ${Math.round(deadlineMs / 1000)} s`))
  }, deadlineMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
