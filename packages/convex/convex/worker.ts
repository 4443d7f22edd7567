import { isFinal } from '@nebula/shared'
import { v } from 'convex/values'
import type { Doc, Id } from './_generated/dataModel.js'
import type { MutationCtx, QueryCtx } from './_generated/server.js'
import { callerError } from './model/errors.ts'
import { endRun, requireRun, stepsOf } from './model/runs.ts'
import { serviceMutation, serviceQuery } from './model/service.ts'

/** As many as a worker looks at in one go; the rest follows as these are taken up. */
const BATCH = 100

/** Runs that wait for a worker, oldest first. */
export const queued = serviceQuery(async (ctx) => {
  const runs = await oldest(ctx, 'queued')
  return runs.map((run) => run._id)
})

/** Runs that are under way and are to be cancelled. */
export const toCancel = serviceQuery(async (ctx) => {
  const runs = await ctx.db
    .query('runs')
    .withIndex('by_cancelRequested', (q) => q.eq('cancelRequested', true).eq('status', 'running'))
    .take(BATCH)
  return runs.map((run) => run._id)
})

/** Runs that have not ended, the oldest of each kind: those whose workflow may have been lost. */
export const open = serviceQuery(async (ctx) => {
  const waiting = await oldest(ctx, 'queued')
  const running = await oldest(ctx, 'running')
  return {
    /** Their workflow may not have been started yet. */
    queued: waiting.map((run) => run._id),
    /** Their workflow has to be there. */
    running: running.map((run) => run._id),
  }
})

/** A workflow takes the run up. `proceed` is false when the run has ended before, by being cancelled for one. */
export const begin = serviceMutation({
  report: { temporalRunId: v.string(), workerIdentity: v.string() },
  handler: async (ctx, runId, report) => {
    const run = await requireRun(ctx, runId)
    if (isFinal(run.status)) return { proceed: false, steps: [] }
    await ctx.db.patch(runId, { ...report, status: 'running', startedAt: run.startedAt ?? Date.now() })
    const steps = await stepsOf(ctx, runId)
    return { proceed: true, steps: steps.map(({ label, durationMs, failures }) => ({ label, durationMs, failures })) }
  },
})

/** What an attempt is to do: its work; nothing, since the step is done; or give up, since its result counts no more. */
type Verdict = { readonly go: 'work' | 'done' } | { readonly go: 'stop'; readonly reason: string }

/** An attempt at a step begins. */
export const stepStarted = serviceMutation({
  report: { position: v.number(), attempt: v.number(), workerIdentity: v.string() },
  handler: async (ctx, runId, { position, attempt, workerIdentity }): Promise<Verdict> => {
    const { run, step } = await requireStep(ctx, runId, position)
    if (step.status === 'completed') return { go: 'done' }
    if (isFinal(run.status)) return { go: 'stop', reason: `the run is ${run.status} already` }
    if (step.status === 'failed') return { go: 'stop', reason: step.error ?? 'the step has failed' }
    if (attempt < step.attempts) return { go: 'stop', reason: `attempt ${step.attempts} is under way` }
    await ctx.db.patch(runId, { workerIdentity })
    await ctx.db.patch(step._id, { status: 'running', attempts: attempt, startedAt: step.startedAt ?? Date.now() })
    return { go: 'work' }
  },
})

/** An attempt at a step failed; there is another one unless it was the last. */
export const stepFailed = serviceMutation({
  report: { position: v.number(), attempt: v.number(), error: v.string(), last: v.boolean() },
  handler: async (ctx, runId, { position, attempt, error, last }) => {
    const { run, step } = await requireStep(ctx, runId, position)
    if (isFinal(run.status) || hasEnded(step) || attempt < step.attempts) return null
    await ctx.db.patch(step._id, {
      status: last ? 'failed' : 'retrying',
      attempts: attempt,
      error,
      ...(last ? { endedAt: Date.now() } : {}),
    })
    return null
  },
})

/** A step is done. */
export const stepCompleted = serviceMutation({
  report: { position: v.number(), attempt: v.number() },
  handler: async (ctx, runId, { position, attempt }) => {
    const { run, step } = await requireStep(ctx, runId, position)
    if (isFinal(run.status) || hasEnded(step)) return null
    await ctx.db.patch(step._id, {
      status: 'completed',
      attempts: Math.max(attempt, step.attempts),
      endedAt: Date.now(),
    })
    await ctx.db.patch(runId, { completedSteps: run.completedSteps + 1 })
    return null
  },
})

/** The run has ended. */
export const end = serviceMutation({
  report: {
    status: v.union(v.literal('completed'), v.literal('failed'), v.literal('cancelled')),
    error: v.optional(v.string()),
  },
  handler: async (ctx, runId, { status, error }) => await endRun(ctx, runId, status, error),
})

async function oldest(ctx: QueryCtx, status: 'queued' | 'running'): Promise<Doc<'runs'>[]> {
  return await ctx.db
    .query('runs')
    .withIndex('by_status', (q) => q.eq('status', status))
    .take(BATCH)
}

async function requireStep(ctx: MutationCtx, runId: Id<'runs'>, position: number) {
  const run = await requireRun(ctx, runId)
  const step = (await stepsOf(ctx, runId))[position]
  if (!step) throw callerError('NOT_FOUND', `run ${runId} has no step ${position}`)
  return { run, step }
}

/** A step that has ended stays as it is, whatever is reported late. */
function hasEnded(step: Doc<'steps'>): boolean {
  return step.status === 'completed' || step.status === 'failed' || step.status === 'cancelled'
}
