import { isFinal, type NewRun, type RunStatus } from '@nebula/shared'
import { internal } from '../_generated/api.js'
import type { Doc, Id } from '../_generated/dataModel.js'
import type { MutationCtx, QueryCtx } from '../_generated/server.js'
import { callerError } from './errors.ts'

/** How long late reports of an ended run still find their keys. */
const KEYS_KEPT_MS = 60 * 60 * 1000

/** A run with its steps in order. */
export type RunWithSteps = Doc<'runs'> & { steps: Doc<'steps'>[] }

export async function insertRun(ctx: MutationCtx, run: NewRun, retryOf?: Id<'runs'>): Promise<Id<'runs'>> {
  const runId = await ctx.db.insert('runs', {
    title: run.title,
    status: 'queued',
    cancelRequested: false,
    totalSteps: run.steps.length,
    completedSteps: 0,
    ...(retryOf ? { retryOf } : {}),
  })
  for (const [position, step] of run.steps.entries()) {
    await ctx.db.insert('steps', { runId, position, ...step, status: 'pending', attempts: 0 })
  }
  return runId
}

export async function stepsOf(ctx: QueryCtx, runId: Id<'runs'>): Promise<Doc<'steps'>[]> {
  return await ctx.db
    .query('steps')
    .withIndex('by_run', (q) => q.eq('runId', runId))
    .collect()
}

/** @throws ConvexError when there is no such run. */
export async function requireRun(ctx: QueryCtx, runId: Id<'runs'>): Promise<Doc<'runs'>> {
  const run = await ctx.db.get(runId)
  if (!run) throw callerError('NOT_FOUND', `there is no run ${runId}`)
  return run
}

/**
 * The run with an id that came from outside.
 * @throws ConvexError when there is no such run, whatever the id looks like.
 */
export async function findRun(ctx: QueryCtx, id: string): Promise<Doc<'runs'>> {
  const runId = ctx.db.normalizeId('runs', id)
  if (!runId) throw callerError('NOT_FOUND', `there is no run ${JSON.stringify(id)}`)
  return await requireRun(ctx, runId)
}

/**
 * Ends a run, and what was still open of its steps. A run that has ended stays as it is.
 * @returns whether it ended now.
 */
export async function endRun(
  ctx: MutationCtx,
  runId: Id<'runs'>,
  status: Extract<RunStatus, 'completed' | 'failed' | 'cancelled'>,
  error?: string,
): Promise<boolean> {
  const run = await requireRun(ctx, runId)
  if (isFinal(run.status)) return false
  const endedAt = Date.now()
  await ctx.db.patch(runId, { status, endedAt, ...(error ? { error } : {}) })
  for (const step of await stepsOf(ctx, runId)) {
    if (step.status === 'completed' || step.status === 'failed') continue
    const failedNow = status === 'failed' && step.startedAt !== undefined
    await ctx.db.patch(step._id, {
      status: failedNow ? 'failed' : 'cancelled',
      ...(step.startedAt === undefined ? {} : { endedAt }),
    })
  }
  await ctx.scheduler.runAfter(KEYS_KEPT_MS, internal.cleanUp.forgetKeys, { runId })
  return true
}
