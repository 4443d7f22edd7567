import type { GenericId } from 'convex/values'
import { describe, expect, it } from 'vitest'
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
