import { isFinal, NewRun } from '@nebula/shared'
import { paginationOptsValidator } from 'convex/server'
import { v } from 'convex/values'
import { z } from 'zod'
import type { Doc, Id } from './_generated/dataModel.js'
import { mutation, query } from './_generated/server.js'
import { callerError } from './model/errors.ts'
import { endRun, insertRun, type RunWithSteps, requireRun, stepsOf } from './model/runs.ts'

/** Starts a run: a worker takes it up as soon as there is one. Returns its id. */
export const create = mutation({
  args: {
    title: v.string(),
    steps: v.array(v.object({ label: v.string(), durationMs: v.number(), failures: v.number() })),
  },
  handler: async (ctx, args): Promise<Id<'runs'>> => {
    const parsed = NewRun.safeParse(args)
    if (!parsed.success) throw callerError('INVALID', z.prettifyError(parsed.error))
    return await insertRun(ctx, parsed.data)
  },
})

/** All runs, newest first, a page at a time. */
export const list = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }) => await ctx.db.query('runs').order('desc').paginate(paginationOpts),
})

/** A run with its steps; null when there is none of this id, whatever the id looks like. */
export const get = query({
  args: { runId: v.string() },
  handler: async (ctx, args): Promise<RunWithSteps | null> => {
    const runId = ctx.db.normalizeId('runs', args.runId)
    const run: Doc<'runs'> | null = runId && (await ctx.db.get(runId))
    return run && { ...run, steps: await stepsOf(ctx, run._id) }
  },
})

/** Asks for a run to be cancelled. One that waits ends at once; one that has ended stays as it is. */
export const cancel = mutation({
  args: { runId: v.id('runs') },
  handler: async (ctx, { runId }): Promise<null> => {
    const run = await requireRun(ctx, runId)
    if (isFinal(run.status)) return null
    await ctx.db.patch(runId, { cancelRequested: true })
    if (run.status === 'queued') await endRun(ctx, runId, 'cancelled')
    return null
  },
})

/** Starts a new run with the same steps. Asked twice, it returns the same one. */
export const retry = mutation({
  args: { runId: v.id('runs') },
  handler: async (ctx, { runId }): Promise<Id<'runs'>> => {
    const run = await requireRun(ctx, runId)
    if (run.retriedAs) return run.retriedAs
    if (run.status !== 'failed' && run.status !== 'cancelled') {
      throw callerError(
        'NOT_RETRYABLE',
        `the run is ${run.status}: only one that failed or was cancelled can be retried`,
      )
    }
    const steps = (await stepsOf(ctx, runId)).map(({ label, durationMs, failures }) => ({
      label,
      durationMs,
      failures,
    }))
    const retriedAs = await insertRun(ctx, { title: run.title, steps }, runId)
    await ctx.db.patch(runId, { retriedAs })
    return retriedAs
  },
})
