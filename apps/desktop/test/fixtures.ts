import type { Run, RunWithSteps, Step } from '../src/runs/types.ts'
import type { StackFacts } from '../src/stack/settings.ts'

const CREATED_AT = Date.UTC(2026, 0, 5, 12)

/** A run as the list has it. */
export function run(change: Partial<Run> & { readonly id?: string } = {}): Run {
  const { id = 'run1', ...fields } = change
  return {
    _id: id as Run['_id'], // Convex' ids are strings with a mark that only the compiler sees
    _creationTime: CREATED_AT,
    title: 'Nightly report',
    status: 'running',
    cancelRequested: false,
    totalSteps: 2,
    completedSteps: 1,
    startedAt: CREATED_AT + 1_000,
    workerIdentity: 'worker-1',
    ...fields,
  }
}

/** A step of the run above. */
export function step(position: number, change: Partial<Step> = {}): Step {
  return {
    _id: `step${position}` as Step['_id'], // as above
    _creationTime: CREATED_AT,
    runId: 'run1' as Step['runId'], // as above
    position,
    label: `Step ${position}`,
    durationMs: 2_000,
    failures: 0,
    status: 'pending',
    attempts: 0,
    ...change,
  }
}

export function withSteps(change: Partial<Run> = {}, ...steps: Step[]): RunWithSteps {
  return { ...run(change), steps }
}

/** What the paginated query answers when this is all there is. */
export function page(...runs: Run[]) {
  return { page: runs, isDone: true, continueCursor: '' }
}

/** What a build knows of the stack. */
export const stack: StackFacts = {
  port: 1420,
  temporalUiPort: 8080,
  convex: { id: 'convex-backend', title: 'Convex' },
  worker: { id: 'nebula-worker', title: 'Worker', healthUrl: 'http://127.0.0.1:8081/health' },
}
