import { isFinal, NewRun } from '@nebula/shared'
import { paginationOptsValidator } from 'convex/server'
import { v } from 'convex/values'
import { z } from 'zod'
import type { Doc, Id } from './_generated/dataModel.js'
import { mutation, query } from './_generated/server.js'
import { callerError } from './model/errors.ts'
import { endRun, findRun, insertRun, type RunWithSteps, stepsOf } from './model/runs.ts'

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
  args: { runId: v.string() },
  handler: async (ctx, args): Promise<null> => {
    const run = await findRun(ctx, args.runId)
    if (isFinal(run.status)) return null
    await ctx.db.patch(run._id, { cancelRequested: true })
    if (run.status === 'queued') await endRun(ctx, run._id, 'cancelled')
    return null
  },
})

/** Starts a new run with the same steps. Asked twice, it returns the same one. */
export const retry = mutation({
  args: { runId: v.string() },
  handler: async (ctx, args): Promise<Id<'runs'>> => {
    const run = await findRun(ctx, args.runId)
    if (run.retriedAs) return run.retriedAs
    if (run.status !== 'failed' && run.status !== 'cancelled') {
      throw callerError(
        'NOT_RETRYABLE',
        `the run is ${run.status}: only one that failed or was cancelled can be retried`,
      )
    }
    const steps = (await stepsOf(ctx, run._id)).map(({ label, durationMs, failures }) => ({
      label,
      durationMs,
      failures,
    }))
    const retriedAs = await insertRun(ctx, { title: run.title, steps }, run._id)
    await ctx.db.patch(run._id, { retriedAs })
    return retriedAs
  },
})
