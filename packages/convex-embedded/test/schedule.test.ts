import type { GenericId } from 'convex/values'
import { describe, expect, it } from 'vitest'
import { nextRunOf } from '../src/schedule/cronTime.ts'
import { eventually, httpClient } from './harness/clients.ts'
import { api } from './harness/fixture.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

const count = (name: string) => httpClient(server).query(api.messages.count, { name })
const job = (id: GenericId<'_scheduled_functions'>) => httpClient(server).query(api.work.job, { id })

describe('a scheduled function', () => {
  it('runs once, and its job says so', async () => {
    const id = await httpClient(server).mutation(api.work.later, { name: 'soon', delayMs: 0 })
    await eventually(
      () => job(id),
      (document) => document?.state.kind === 'success',
    )
    expect(await count('soon')).toBe(1)
  })

  it('of a mutation that fails never runs', async () => {
    await expect(httpClient(server).mutation(api.work.laterThenFail, { name: 'never' })).rejects.toThrow()
    const id = await httpClient(server).mutation(api.work.later, { name: 'after it', delayMs: 0 })
    await eventually(
      () => job(id),
      (document) => document?.state.kind === 'success',
    )
    expect(await count('never')).toBe(0)
  })

  it('does not run when it was canceled', async () => {
    const client = httpClient(server)
    const id = await client.mutation(api.work.later, { name: 'canceled', delayMs: 300 })
    await client.mutation(api.work.cancel, { id })
    const after = await client.mutation(api.work.later, { name: 'after', delayMs: 400 })
    await eventually(
      () => job(after),
      (document) => document?.state.kind === 'success',
    )
    expect(await job(id)).toMatchObject({ state: { kind: 'canceled' } })
    expect(await count('canceled')).toBe(0)
  })

  it('can be an action, and be scheduled by one', async () => {
    const client = httpClient(server)
    const id = await client.action(api.work.noteLater, { body: 'by an action' })
    await eventually(
      () => job(id),
      (document) => document?.state.kind === 'success',
    )
    const notes = await client.query(api.messages.list, { channel: 'notes' })
    expect(notes).toMatchObject([{ body: 'by an action' }])
  })
})

describe('the next run of a cron job', () => {
  const at = (time: string) => Date.parse(time)
  it.each([
    ['interval', { type: 'interval', minutes: 5 }, '2026-01-01T00:00:10Z', '2026-01-01T00:05:10.000Z'],
    ['hourly', { type: 'hourly', minuteUTC: 30 }, '2026-01-01T00:30:00Z', '2026-01-01T01:30:00.000Z'],
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
    ['on leap days', { type: 'cron', cron: '0 0 29 2 *' }, '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['from a minute on', { type: 'cron', cron: '5/20 * * * *' }, '2026-01-01T00:46:00Z', '2026-01-01T01:05:00.000Z'],
    ['on days by name', { type: 'cron', cron: '0 9 * * MON-FRI' }, '2026-01-02T09:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['on Sundays as 7', { type: 'cron', cron: '0 0 * * 7' }, '2026-01-01T00:00:00Z', '2026-01-04T00:00:00.000Z'],
  ])('%s', (_name, schedule, after, expected) => {
    expect(new Date(nextRunOf(schedule)(at(after)) ?? 0).toISOString()).toBe(expected)
  })

  it('is never for a day that does not exist, and an error for nonsense', () => {
    expect(nextRunOf({ type: 'cron', cron: '0 0 31 2 *' })(at('2026-01-01T00:00:00Z'))).toBeNull()
    expect(() => nextRunOf({ type: 'cron', cron: '99 * * * *' })).toThrow('Invalid value for minute: 99')
    for (const cron of ['@daily', '0 0 * * * *', '* * * *']) {
      expect(() => nextRunOf({ type: 'cron', cron })).toThrow('five fields')
    }
  })
})
