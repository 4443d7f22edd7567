import { isFinal } from '@nebula/shared'
import { type Run, RunsClient } from './runsClient.ts'
import { withTemporal } from './runWorkflow.ts'

/** Where the application is, and how long it may take. */
export interface ProofTarget {
  /** `http://127.0.0.1:3210` */
  readonly convexUrl: string
  /** `host:port` */
  readonly temporalAddress: string
  /** Milliseconds for each step. */
  readonly deadlineMs: number
}

/** One thing that the application shows of itself. `run` returns what to say of it, and throws why it failed. */
export interface ProofStep {
  readonly name: string
  /** The service whose logs tell more, when it failed. */
  readonly service: string
  readonly run: () => Promise<string>
}

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
 * What shows that the application works, for `verify`: one real run through Convex, the worker and Temporal, with a step
 * that fails once, and its history. The steps run in order; one that fails ends it.
 */
export function proof(target: ProofTarget): readonly ProofStep[] {
  let runId = ''
  return [
    {
      name: 'A run from start to end',
      service: 'nebula-worker',
      run: async () => {
        const { final, changes } = await runThrough(target)
        runId = final._id
        return `${final.steps.length} steps, one of them tried twice, ${changes} live updates`
      },
    },
    {
      name: 'Its history in Temporal',
      service: 'temporal',
      run: async () => `workflow ${runId}, ${await checkHistory(target, runId)} events`,
    },
  ]
}

/**
 * Starts a run in Convex as the application does, and watches it live until it ends.
 * @throws Error when it does not end in time, or ends otherwise than it should.
 */
export async function runThrough({ convexUrl, deadlineMs }: ProofTarget): Promise<ObservedRun> {
  const runs = new RunsClient(convexUrl)
  try {
    const runId = await withDeadline(
      runs.start({ title: 'verify', steps: STEPS }),
      deadlineMs,
      () => 'Convex did not take the run',
    )
    const observed = await watch(runs, runId, deadlineMs)
    const { final } = observed
    if (final.status !== 'completed')
      throw new Error(`run ${runId} is ${final.status}: ${final.error ?? 'no reason given'}`)
    const attempts = final.steps.map((step) => step.attempts).join(', ')
    if (attempts !== '1, 2, 1') throw new Error(`run ${runId}: its steps took ${attempts} attempts, expected 1, 2, 1`)
    return observed
  } finally {
    await runs.close()
  }
}

async function watch(runs: RunsClient, runId: string, deadlineMs: number): Promise<ObservedRun> {
  let changes = 0
  let last: Run | null = null
  const ended = runs.until(
    runId,
    ({ status }) => isFinal(status),
    (run) => {
      changes += 1
      last = run
    },
  )
  const describe = () => `run ${runId} is ${last === null ? 'not to be seen' : `still ${last.status}`}`
  return { final: await withDeadline(ended, deadlineMs, describe), changes }
}

/**
 * Reads the run's workflow back from Temporal.
 * @returns how many events its history has.
 * @throws Error when the workflow is not there, did not complete, or its history shows no retried step.
 */
export async function checkHistory({ temporalAddress, deadlineMs }: ProofTarget, runId: string): Promise<number> {
  return await withTemporal({ address: temporalAddress, connectTimeout: deadlineMs }, async (client) => {
    const handle = client.workflow.getHandle(runId)
    // The last report to Convex comes from the workflow, a moment before Temporal has closed it.
    await withDeadline(handle.result(), deadlineMs, () => `workflow ${runId} did not close`)
    const { events } = await handle.fetchHistory()
    const attempts = (events ?? []).map((event) => event.activityTaskStartedEventAttributes?.attempt ?? 0)
    if (Math.max(0, ...attempts) !== 2) throw new Error(`workflow ${runId}: no second attempt in its history`)
    return events?.length ?? 0
  })
}

async function withDeadline<T>(promise: Promise<T>, deadlineMs: number, what: () => string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`${what()} after ${Math.round(deadlineMs / 1000)} s`)), deadlineMs)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
