import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { nextRunOf } from '../src/schedule/cronTime.ts'

describe('the next run of a cron job', () => {
  const at = (time: string) => Date.parse(time)
  it.each([
    ['an interval of seconds', { type: 'interval', seconds: 90 }, '2026-01-01T00:00:10Z', '2026-01-01T00:01:40.000Z'],
    ['an interval of hours', { type: 'interval', hours: 2 }, '2026-01-01T00:00:10Z', '2026-01-01T02:00:10.000Z'],
    [
      'an interval of all',
      { type: 'interval', hours: 1, minutes: 1, seconds: 1 },
      '2026-01-01T00:00:00Z',
      '2026-01-01T01:01:01.000Z',
    ],
    ['an interval of minutes', { type: 'interval', minutes: 5 }, '2026-01-01T00:00:10Z', '2026-01-01T00:05:10.000Z'],
    ['hourly', { type: 'hourly', minuteUTC: 30 }, '2026-01-01T00:30:00Z', '2026-01-01T01:30:00.000Z'],
    ['hourly, at the full hour', { type: 'hourly' }, '2026-01-01T00:30:00Z', '2026-01-01T01:00:00.000Z'],
    ['daily, at the full hour', { type: 'daily', hourUTC: 7 }, '2026-01-01T07:15:00Z', '2026-01-02T07:00:00.000Z'],
    ['daily', { type: 'daily', hourUTC: 7, minuteUTC: 15 }, '2026-01-01T07:15:00Z', '2026-01-02T07:15:00.000Z'],
    ['weekly', { type: 'weekly', dayOfWeek: 'monday', hourUTC: 0 }, '2026-01-01T00:00:00Z', '2026-01-05T00:00:00.000Z'],
    [
      'monthly on the 31st',
      { type: 'monthly', day: 31, hourUTC: 0 },
      '2026-02-01T00:00:00Z',
      '2026-03-31T00:00:00.000Z',
    ],
    ['on weekdays', { type: 'cron', cron: '0 9 * * 1-5' }, '2026-01-02T09:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['every quarter', { type: 'cron', cron: '*/15 * * * *' }, '2026-01-01T00:46:00Z', '2026-01-01T01:00:00.000Z'],
    [
      'on the 13th or a Friday',
      { type: 'cron', cron: '0 0 13 * 5' },
      '2026-01-09T00:00:00Z',
      '2026-01-13T00:00:00.000Z',
    ],
    ...['sunday', 'Monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'SATURDAY'].map(
      (dayOfWeek, day): [string, object, string, string] => [
        `weekly, on ${dayOfWeek}`,
        { type: 'weekly', dayOfWeek, hourUTC: 5, minuteUTC: 10 },
        '2026-01-04T00:00:00Z',
        `2026-01-${String(4 + day).padStart(2, '0')}T05:10:00.000Z`,
      ],
    ),
    [
      'monthly, at a minute',
      { type: 'monthly', day: 2, hourUTC: 3, minuteUTC: 4 },
      '2026-01-01T00:00:00Z',
      '2026-01-02T03:04:00.000Z',
    ],
    ['with spaces around', { type: 'cron', cron: ' 0  9 * * * ' }, '2026-01-02T09:00:00Z', '2026-01-03T09:00:00.000Z'],
    ['on leap days', { type: 'cron', cron: '0 0 29 2 *' }, '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['from a minute on', { type: 'cron', cron: '5/20 * * * *' }, '2026-01-01T00:46:00Z', '2026-01-01T01:05:00.000Z'],
    ['on days by name', { type: 'cron', cron: '0 9 * * MON-FRI' }, '2026-01-02T09:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['on Sundays as 7', { type: 'cron', cron: '0 0 * * 7' }, '2026-01-01T00:00:00Z', '2026-01-04T00:00:00.000Z'],
  ])('%s', (_name, schedule, after, expected) => {
    expect(new Date(nextRunOf(schedule)(at(after)) ?? 0).toISOString()).toBe(expected)
  })

  it('is in UTC wherever the machine is', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo')
    onTestFinished(() => void vi.unstubAllEnvs())
    const next = nextRunOf({ type: 'daily', hourUTC: 7 })(at('2026-01-01T00:00:00Z'))
    expect(new Date(next ?? 0).toISOString()).toBe('2026-01-01T07:00:00.000Z')
  })

  it('is never for a day that does not exist, and an error for nonsense', () => {
    expect(nextRunOf({ type: 'cron', cron: '0 0 31 2 *' })(at('2026-01-01T00:00:00Z'))).toBeNull()
    expect(() => nextRunOf({ type: 'cron', cron: '99 * * * *' })).toThrow('Invalid value for minute: 99')
    expect(() => nextRunOf({ type: 'cron', cron: '@daily' })).toThrow(
      '"@daily" has not the five fields of a cron expression',
    )
    for (const cron of ['@daily', '0 0 * * * *', '* * * *']) {
      expect(() => nextRunOf({ type: 'cron', cron })).toThrow('five fields')
    }
  })
  it.each([
    ['yearly', { type: 'yearly' }],
    ['an interval of words', { type: 'interval', minutes: 'five' }],
    ['hourly without a number', { type: 'hourly', minuteUTC: 'half' }],
    ['daily without an hour', { type: 'daily' }],
    ['weekly without a day', { type: 'weekly', hourUTC: 1 }],
    ['weekly without an hour', { type: 'weekly', dayOfWeek: 'monday' }],
    ['weekly on no day', { type: 'weekly', dayOfWeek: 'someday', hourUTC: 1 }],
    ['monthly without a day', { type: 'monthly', hourUTC: 1 }],
    ['monthly without an hour', { type: 'monthly', day: 1 }],
    ['cron without an expression', { type: 'cron' }],
    ['nothing', undefined],
  ])('cannot be told for %s', (_name, schedule) => {
    expect(() => nextRunOf(schedule)).toThrow()
  })
})
