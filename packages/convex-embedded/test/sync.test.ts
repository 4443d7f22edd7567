import { ConvexReactClient } from 'convex/react'
import { makeFunctionReference } from 'convex/server'
import type { GenericId } from 'convex/values'
import { describe, expect, it, onTestFinished } from 'vitest'
import { eventually, httpClient, liveClient, watch } from './harness/clients.ts'
import { api } from './harness/fixture.ts'
import { RawSession } from './harness/rawSession.ts'
import { useServer } from './harness/useServer.ts'

interface Message {
  readonly _id: string
  readonly body: string
}

const server = useServer()

describe('live queries', () => {
  it('show what another client writes', async () => {
    const seen = watch<Message[]>(liveClient(server), api.messages.list, { channel: 'live' })
    await seen.until((list) => list.length === 0)
    await liveClient(server).mutation(api.messages.send, { channel: 'live', body: 'one' })
    await httpClient(server).mutation(api.messages.send, { channel: 'live', body: 'two' })
    const list = await seen.until((messages) => messages.length === 2)
    expect(list.map((message) => message.body)).toEqual(['one', 'two'])
  })

  it('have changed when the mutation that changed them has returned', async () => {
    const client = liveClient(server)
    const seen = watch<Message[]>(client, api.messages.list, { channel: 'own' })
    await seen.until((list) => list.length === 0)
    await client.mutation(api.messages.send, { channel: 'own', body: 'mine' })
    expect(seen.results.at(-1)).toHaveLength(1)
  })

  it('return mutations that change nothing, and report the ones that fail', async () => {
    const client = liveClient(server)
    await expect(client.mutation(api.messages.fail, { kind: 'plain' })).rejects.toThrow('boom')
    await expect(client.action(api.work.echo, { value: 5n })).resolves.toBe(5n)
    await expect(client.action(makeFunctionReference<'action'>('work:nothing'), {})).rejects.toThrow(
      'Could not find public function',
    )
  })

  it('deliver the error of a query', async () => {
    const seen = watch(liveClient(server), api.messages.list, { wrong: true })
    await eventually(
      () => seen.errors.length,
      (count) => count > 0,
    )
    expect(seen.errors[0]?.message).toContain('ArgumentValidationError')
  })

  it('run again only for what they have read, and are not sent when the result is the same', async () => {
    const session = await RawSession.open(server)
    onTestFinished(() => session.close())
    const name = 'unrelated'
    session.modify(0, [
      { type: 'Add', queryId: 1, udfPath: 'messages:list', args: [{ channel: 'quiet' }] },
      { type: 'Add', queryId: 2, udfPath: 'messages:count', args: [{ name }] },
    ])
    await session.next((message) => message.type === 'Transition')
    const client = httpClient(server)
    await client.mutation(api.messages.send, { channel: 'elsewhere', body: 'same table, other channel' })
    await client.mutation(api.messages.increment, { name })
    const transition = await session.next((message) => message.type === 'Transition')
    expect(transition.modifications).toMatchObject([{ type: 'QueryUpdated', queryId: 2, value: 1 }])
  })

  it('of one client that one commit changes come in one transition', async () => {
    const session = await RawSession.open(server)
    onTestFinished(() => session.close())
    const queries = [1, 2, 3].map((queryId) => ({
      type: 'Add',
      queryId,
      udfPath: 'messages:list',
      args: [{ channel: 'together' }],
    }))
    session.modify(0, queries)
    await session.next((message) => message.type === 'Transition')
    await httpClient(server).mutation(api.messages.send, { channel: 'together', body: 'x' })
    const transition = await session.next((message) => message.type === 'Transition')
    expect(transition.modifications).toHaveLength(3)
    expect(BigInt(session.ts(transition.endVersion.ts))).toBeGreaterThan(session.ts(transition.startVersion.ts))
  })

  it('end when the client lets go of them', async () => {
    const session = await RawSession.open(server)
    onTestFinished(() => session.close())
    session.modify(0, [{ type: 'Add', queryId: 1, udfPath: 'messages:count', args: [{ name: 'gone' }] }])
    await session.next((message) => message.type === 'Transition')
    session.modify(1, [{ type: 'Remove', queryId: 1 }])
    const removed = await session.next((message) => message.type === 'Transition')
    expect(removed.modifications).toEqual([{ type: 'QueryRemoved', queryId: 1 }])
    expect(removed.endVersion.querySet).toBe(2)
  })
})

describe('mutations over the socket', () => {
  it('count once, however often the client asks again', async () => {
    const mutation = { type: 'Mutation', requestId: 7, udfPath: 'messages:increment', args: [{ name: 'once' }] }
    const first = await RawSession.open(server)
    first.send(mutation)
    first.send(mutation)
    const answer = await first.next((message) => message.type === 'MutationResponse')
    const again = await first.next((message) => message.type === 'MutationResponse')
    first.close()
    const second = await RawSession.open(server, first.sessionId)
    onTestFinished(() => second.close())
    second.send(mutation)
    const later = await second.next((message) => message.type === 'MutationResponse')
    expect([answer, again, later].map((message) => message.result)).toEqual([1, 1, 1])
    expect(later.ts).toBe(answer.ts)
    expect(await httpClient(server).query(api.messages.count, { name: 'once' })).toBe(1)
  })

  it('run in the order in which they were sent', async () => {
    const client = liveClient(server)
    const sent = Array.from({ length: 30 }, () => client.mutation(api.messages.increment, { name: 'ordered' }))
    expect(await Promise.all(sent)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1))
  })

  it('are followed by a transition that is at least as new', async () => {
    const session = await RawSession.open(server)
    onTestFinished(() => session.close())
    session.modify(0, [])
    await session.next((message) => message.type === 'Transition')
    session.send({ type: 'Mutation', requestId: 0, udfPath: 'messages:increment', args: [{ name: 'followed' }] })
    const response = await session.next((message) => message.type === 'MutationResponse')
    const transition = await session.next((message) => message.type === 'Transition')
    expect(session.ts(transition.endVersion.ts)).toBeGreaterThanOrEqual(session.ts(response.ts))
  })
})

describe('pages', () => {
  it('fit together without gaps while documents come and go', async () => {
    const client = new ConvexReactClient(server.url, { logger: false, unsavedChangesWarning: false })
    onTestFinished(() => client.close())
    const writer = httpClient(server)
    const ids: GenericId<'messages'>[] = []
    for (let index = 0; index < 6; index += 1) {
      ids.push(await writer.mutation(api.messages.send, { channel: 'pages', body: String(index) }))
    }
    const pageOf = (cursor: string | null) => {
      const args = { channel: 'pages', paginationOpts: { numItems: 3, cursor } }
      const page = client.watchQuery(api.messages.page, args)
      onTestFinished(page.onUpdate(() => undefined))
      return async (bodies: string) => {
        const result = await eventually(
          () => page.localQueryResult(),
          (current) => current?.page.map((message: Message) => message.body).join() === bodies,
        )
        if (!result) throw new Error('no page')
        return result
      }
    }
    const firstPage = pageOf(null)
    const { continueCursor, isDone } = await firstPage('5,4,3')
    expect(isDone).toBe(false)
    const secondPage = pageOf(continueCursor)
    expect((await secondPage('2,1,0')).isDone).toBe(true)

    await writer.mutation(api.messages.send, { channel: 'pages', body: '6' })
    await firstPage('6,5,4,3')
    // The document at the end of the first page: the page still ends there.
    const [, , , last] = ids
    if (last) await writer.mutation(api.messages.remove, { id: last })
    const shrunk = await firstPage('6,5,4')
    expect(shrunk).toMatchObject({ continueCursor, isDone: false })
    await secondPage('2,1,0')
  })
})

it('refuses what is no protocol', async () => {
  const session = await RawSession.open(server)
  session.send({ type: 'ModifyQuerySet', baseVersion: 5, newVersion: 6, modifications: [] })
  expect(await session.next((message) => message.type === 'FatalError')).toBeDefined()
  await session.closed
})

it('keeps 50 listeners up to date through 300 mutations, in steady memory', { timeout: 60_000 }, async () => {
  const sessions = await Promise.all(Array.from({ length: 50 }, () => RawSession.open(server)))
  onTestFinished(() => {
    for (const session of sessions) session.close()
  })
  for (const session of sessions) {
    session.modify(0, [{ type: 'Add', queryId: 1, udfPath: 'messages:count', args: [{ name: 'busy' }] }])
  }
  const client = httpClient(server)
  const value = (message: { modifications?: { value?: unknown }[] }) => message.modifications?.at(-1)?.value
  for (let round = 1; round <= 3; round += 1) {
    await Promise.all(
      Array.from({ length: 100 }, () => client.mutation(api.messages.increment, { name: 'busy' }, { skipQueue: true })),
    )
    await Promise.all(sessions.map((session) => session.next((message) => value(message) === round * 100)))
  }
  // What each of them got: far fewer transitions than mutations, none of them lost at the end.
  expect(Math.max(...sessions.map((session) => session.received))).toBeLessThan(300)
})
