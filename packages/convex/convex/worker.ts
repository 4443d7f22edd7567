import { isFinal, MAX_ATTEMPTS } from '@nebula/shared'
import { v } from 'convex/values'
import type { Doc, Id } from './_generated/dataModel.js'
import type { MutationCtx } from './_generated/server.js'
import { callerError } from './model/errors.ts'
import { endRun, requireRun, stepsOf } from './model/runs.ts'
import { serviceMutation, serviceQuery } from './model/service.ts'

/** As many as a worker looks at in one go; the rest follows as these are taken up. */
const BATCH = 100

/** Runs that wait for a worker, oldest first. */
export const queued = serviceQuery(async (ctx) => {
  const runs = await ctx.db
    .query('runs')
    .withIndex('by_status', (q) => q.eq('status', 'queued'))
    .take(BATCH)
  return runs.map((run) => run._id)
})

/** Runs that are under way and are to be cancelled. */
export const toCancel = serviceQuery(async (ctx) => {
  const runs = await ctx.db
    .query('runs')
    .withIndex('by_status', (q) => q.eq('status', 'running'))
    .collect()
  return runs.filter((run) => run.cancelRequested).map((run) => run._id)
})

/** Runs that are under way: those whose workflow has to be there. */
export const running = serviceQuery(async (ctx) => {
  const runs = await ctx.db
    .query('runs')
    .withIndex('by_status', (q) => q.eq('status', 'running'))
    .take(BATCH)
  return runs.map((run) => run._id)
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

/** An attempt at a step begins. */
export const stepStarted = serviceMutation({
  report: { position: v.number(), attempt: v.number(), workerIdentity: v.string() },
  handler: async (ctx, runId, { position, attempt, workerIdentity }) => {
    const step = await openStep(ctx, runId, position)
    if (!step || attempt < step.attempts) return null
    await ctx.db.patch(runId, { workerIdentity })
    await ctx.db.patch(step._id, { status: 'running', attempts: attempt, startedAt: step.startedAt ?? Date.now() })
    return null
  },
})

/** An attempt at a step failed; there may be another one. */
export const stepFailed = serviceMutation({
  report: { position: v.number(), attempt: v.number(), error: v.string() },
  handler: async (ctx, runId, { position, attempt, error }) => {
    const step = await openStep(ctx, runId, position)
    if (!step || attempt < step.attempts) return null
    const last = attempt >= MAX_ATTEMPTS
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
    const step = await openStep(ctx, runId, position)
    if (!step) return null
    await ctx.db.patch(step._id, {
      status: 'completed',
      attempts: Math.max(attempt, step.attempts),
      endedAt: Date.now(),
    })
    const run = await requireRun(ctx, runId)
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

/** A step that may still change; null when it, or its run, has ended: a late report changes nothing. */
async function openStep(ctx: MutationCtx, runId: Id<'runs'>, position: number): Promise<Doc<'steps'> | null> {
  const run = await requireRun(ctx, runId)
  const step = (await stepsOf(ctx, runId))[position]
  if (!step) throw callerError('NOT_FOUND', `run ${runId} has no step ${position}`)
  const ended = step.status === 'completed' || step.status === 'failed' || step.status === 'cancelled'
  return isFinal(run.status) || ended ? null : step
}
