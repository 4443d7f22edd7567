import { RUN_STATUSES, STEP_STATUSES } from '@nebula/shared'
import { defineSchema, defineTable } from 'convex/server'
import { v } from 'convex/values'

const runStatus = v.union(...RUN_STATUSES.map((status) => v.literal(status)))
const stepStatus = v.union(...STEP_STATUSES.map((status) => v.literal(status)))

export default defineSchema({
  /** What a person asked for, and how far it is. */
  runs: defineTable({
    title: v.string(),
    status: runStatus,
    cancelRequested: v.boolean(),
    totalSteps: v.number(),
    completedSteps: v.number(),
    /** Milliseconds since 1970, like all times here. */
    startedAt: v.optional(v.number()),
    endedAt: v.optional(v.number()),
    error: v.optional(v.string()),
    workerIdentity: v.optional(v.string()),
    /** Temporal's id of the execution; the workflow's id is the run's. */
    temporalRunId: v.optional(v.string()),
    retryOf: v.optional(v.id('runs')),
    retriedAs: v.optional(v.id('runs')),
  })
    .index('by_status', ['status'])
    .index('by_cancelRequested', ['cancelRequested', 'status']),

  /** Apart from their run, so that a step's progress does not rewrite the list of runs. */
  steps: defineTable({
    runId: v.id('runs'),
    position: v.number(),
    label: v.string(),
    durationMs: v.number(),
    failures: v.number(),
    status: stepStatus,
    attempts: v.number(),
    startedAt: v.optional(v.number()),
    endedAt: v.optional(v.number()),
    error: v.optional(v.string()),
  }).index('by_run', ['runId', 'position']),

  /** What services reported, by idempotency key: a report that comes again gets the first one's result. */
  serviceCalls: defineTable({
    runId: v.id('runs'),
    key: v.string(),
    result: v.any(),
  })
    .index('by_key', ['key'])
    .index('by_run', ['runId']),
})
