import { z } from 'zod'

/** When a cron job runs next, milliseconds since 1970; null when never. */
export type NextRun = (after: number) => number | null

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
/** No cron expression that ever matches skips more than the eight years around 1900 or 2100. */
const HORIZON_DAYS = 366 * 8
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

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
  return cronExpression(expressionOf(parsed))
}

function expressionOf(schedule: Exclude<z.infer<typeof Schedule>, { type: 'interval' }>): string {
  switch (schedule.type) {
    case 'hourly':
      return `${schedule.minuteUTC} * * * *`
    case 'daily':
      return `${schedule.minuteUTC} ${schedule.hourUTC} * * *`
    case 'weekly': {
      const day = WEEKDAYS.findIndex((name) => name.toLowerCase() === schedule.dayOfWeek.toLowerCase())
      return `${schedule.minuteUTC} ${schedule.hourUTC} * * ${day}`
    }
    case 'monthly':
      return `${schedule.minuteUTC} ${schedule.hourUTC} ${schedule.day} * *`
    default:
      return schedule.cron
  }
}

/** `15 7 * * 1-5` -> the next weekday at 7:15. A day matches by either field when both are restricted, as in cron. */
function cronExpression(expression: string): NextRun {
  const [minute = '*', hour = '*', day = '*', month = '*', weekday = '*'] = expression.trim().split(/\s+/)
  const minutes = parseField(minute, 0, 59)
  const hours = parseField(hour, 0, 23)
  const days = parseField(day, 1, 31)
  const months = parseField(month, 1, 12)
  const weekdays = new Set([...parseField(weekday, 0, 7)].map((value) => value % 7))
  const isDay = (date: Date): boolean => {
    if (!months.has(date.getUTCMonth() + 1)) return false
    const byDay = days.has(date.getUTCDate())
    const byWeekday = weekdays.has(date.getUTCDay())
    return day !== '*' && weekday !== '*' ? byDay || byWeekday : byDay && byWeekday
  }
  return (after) => {
    const first = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS
    for (let index = 0; index < HORIZON_DAYS; index += 1) {
      const midnight = (Math.floor(first / DAY_MS) + index) * DAY_MS
      if (!isDay(new Date(midnight))) continue
      for (let time = Math.max(first, midnight); time < midnight + DAY_MS; time += MINUTE_MS) {
        const date = new Date(time)
        if (hours.has(date.getUTCHours()) && minutes.has(date.getUTCMinutes())) return time
      }
    }
    return null
  }
}

/** `5`, `1-5`, `0,30`, `*`, and steps of these after a slash. */
function parseField(field: string, min: number, max: number): Set<number> {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const [range = '*', step = '1'] = part.split('/')
    const [from = '', to = from] = range === '*' ? [String(min), String(max)] : range.split('-')
    const last = part.includes('/') && !range.includes('-') ? max : Number(to)
    const [start, end, by] = [Number(from), last, Number(step)]
    if (![start, end, by].every(Number.isInteger) || start < min || end > max || by < 1) {
      throw new Error(`"${field}" is no field of a cron expression`)
    }
    for (let value = start; value <= end; value += by) values.add(value)
  }
  return values
}
