import { Cron } from 'croner'
import { z } from 'zod'

/** When a cron job runs next, milliseconds since 1970; null when never. */
export type NextRun = (after: number) => number | null

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']
const FIELD_COUNT = 5

const Schedule = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('interval'),
    seconds: z.number().optional(),
    minutes: z.number().optional(),
    hours: z.number().optional(),
  }),
  z.object({ type: z.literal('hourly'), minuteUTC: z.number().default(0) }),
  z.object({ type: z.literal('daily'), hourUTC: z.number(), minuteUTC: z.number().default(0) }),
  z.object({
    type: z.literal('weekly'),
    dayOfWeek: z.string(),
    hourUTC: z.number(),
    minuteUTC: z.number().default(0),
  }),
  z.object({ type: z.literal('monthly'), day: z.number(), hourUTC: z.number(), minuteUTC: z.number().default(0) }),
  z.object({ type: z.literal('cron'), cron: z.string() }),
])

/** Reads a schedule of `crons.ts`. Times are UTC. @throws Error when it is malformed. */
export function nextRunOf(schedule: unknown): NextRun {
  const parsed = Schedule.parse(schedule)
  if (parsed.type === 'interval') {
    const { seconds = 0, minutes = 0, hours = 0 } = parsed
    const intervalMs = ((hours * 60 + minutes) * 60 + seconds) * 1000
    return (after) => after + intervalMs
  }
  const cron = parse(expressionOf(parsed))
  return (after) => cron.nextRun(new Date(after))?.getTime() ?? null
}

function expressionOf(schedule: Exclude<z.infer<typeof Schedule>, { type: 'interval' }>): string {
  switch (schedule.type) {
    case 'hourly':
      return `${schedule.minuteUTC} * * * *`
    case 'daily':
      return `${schedule.minuteUTC} ${schedule.hourUTC} * * *`
    case 'weekly':
      return `${schedule.minuteUTC} ${schedule.hourUTC} * * ${WEEKDAYS.indexOf(schedule.dayOfWeek.toLowerCase())}`
    case 'monthly':
      return `${schedule.minuteUTC} ${schedule.hourUTC} ${schedule.day} * *`
    default:
      return schedule.cron
  }
}

function parse(expression: string): Cron {
  const fields = expression.trim().split(/\s+/)
  // Convex knows no names for whole expressions, such as @daily.
  if (fields.length !== FIELD_COUNT) throw new Error(`"${expression}" has not the five fields of a cron expression`)
  return new Cron(fields.join(' '), { mode: '5-part', sloppyRanges: true, timezone: 'UTC', paused: true })
}
