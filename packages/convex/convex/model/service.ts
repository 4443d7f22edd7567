import { SERVICE_ISSUER } from '@nebula/shared'
import { type ObjectType, type PropertyValidators, v } from 'convex/values'
import type { Id } from '../_generated/dataModel.js'
import { type MutationCtx, mutation, type QueryCtx, query } from '../_generated/server.js'
import { callerError } from './errors.ts'

/** Refuses everybody but our own services, which sign their tokens with the key that the deployment knows. */
async function requireService(ctx: QueryCtx | MutationCtx): Promise<void> {
  const identity = await ctx.auth.getUserIdentity()
  if (identity?.issuer !== SERVICE_ISSUER) throw callerError('NOT_ALLOWED', 'only services may call this')
}

/** A query without arguments that only services may subscribe to. */
export function serviceQuery<Result>(handler: (ctx: QueryCtx) => Promise<Result>) {
  return query({
    args: {},
    handler: async (ctx): Promise<Result> => {
      await requireService(ctx)
      return await handler(ctx)
    },
  })
}

/**
 * A mutation that only services may call, about one run, and that does its work once: Temporal runs activities at least
 * once, so the same report may come again. The key and the change are written in one transaction.
 */
export function serviceMutation<Report extends PropertyValidators, Result>(definition: {
  report: Report
  handler: (ctx: MutationCtx, runId: Id<'runs'>, report: ObjectType<Report>) => Promise<Result>
}) {
  return mutation({
    args: { runId: v.id('runs'), key: v.string(), report: v.object(definition.report) },
    handler: async (ctx, { runId, key, report }): Promise<Result> => {
      await requireService(ctx)
      const known = await ctx.db
        .query('serviceCalls')
        .withIndex('by_key', (q) => q.eq('key', key))
        .unique()
      // Written below, under this key, so it is of this function's type.
      if (known) return known.result as Result
      // The same type twice: v.object() computes it in a way that the compiler cannot follow through a generic.
      const result = await definition.handler(ctx, runId, report as unknown as ObjectType<Report>)
      await ctx.db.insert('serviceCalls', { runId, key, result: result ?? null })
      return result
    },
  })
}
