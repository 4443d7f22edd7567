import { v } from 'convex/values'
import { internal } from './_generated/api.js'
import { internalMutation } from './_generated/server.js'

/** Documents that one transaction deletes. */
const BATCH = 200

/** Forgets the idempotency keys of a run that ended long ago; as often as it takes. */
export const forgetKeys = internalMutation({
  args: { runId: v.id('runs') },
  handler: async (ctx, { runId }) => {
    const calls = await ctx.db
      .query('serviceCalls')
      .withIndex('by_run', (q) => q.eq('runId', runId))
      .take(BATCH)
    for (const call of calls) await ctx.db.delete(call._id)
    if (calls.length === BATCH) await ctx.scheduler.runAfter(0, internal.cleanUp.forgetKeys, { runId })
    return null
  },
})
