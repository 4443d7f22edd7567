import { describe, expect, it, onTestFinished } from 'vitest'
import { freePorts } from '../../../tests/lib/freePorts.ts'
import { eventually, httpClient, liveClient, watch } from './harness/clients.ts'
import { api, INSTANCE_ENVIRONMENT } from './harness/fixture.ts'
import { RawSession } from './harness/rawSession.ts'
import { runMain, startServer } from './harness/server.ts'
import { temporaryFolder } from './harness/temporaryFolder.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

/** Ends the server and starts it again on the same data and port, where its clients look for it. */
async function restart(signal: NodeJS.Signals): Promise<number | null> {
  const exitCode = await server.stop(signal)
  await server.start()
  return exitCode
}

describe('a restart', () => {
  it('keeps documents, functions and environment, and ends with exit code 0 on either signal', async () => {
    const id = await httpClient(server).mutation(api.messages.send, { channel: 'kept', body: 'ö 🙂' })
    expect(await restart('SIGTERM')).toBe(0)
    expect(await restart('SIGINT')).toBe(0)
    expect(await httpClient(server).query(api.messages.get, { id })).toMatchObject({ body: 'ö 🙂' })
    const next = await httpClient(server).mutation(api.messages.send, { channel: 'kept', body: 'later' })
    expect(next).not.toBe(id)
    const list = await httpClient(server).query(api.messages.list, { channel: 'kept' })
    expect(list.map((message: { body: string }) => message.body)).toEqual(['ö 🙂', 'later'])
  })

  it('is bridged by live clients: they come back, and time goes on', async () => {
    const client = liveClient(server)
    const seen = watch<number>(client, api.messages.count, { name: 'bridge' })
    await seen.until((count) => count === 0)
    await client.mutation(api.messages.increment, { name: 'bridge' })
    await server.stop('SIGKILL')
    const meanwhile = client.mutation(api.messages.increment, { name: 'bridge' })
    await server.start()
    expect(await meanwhile).toBe(2)
    await seen.until((count) => count === 2)
  })

  it('does not make a mutation count twice whose answer got lost', async () => {
    const mutation = { type: 'Mutation', requestId: 3, udfPath: 'messages:increment', args: [{ name: 'lost answer' }] }
    const before = await RawSession.open(server)
    before.send(mutation)
    const answer = await before.next((message) => message.type === 'MutationResponse')
    await restart('SIGKILL')
    const after = await RawSession.open(server, before.sessionId)
    onTestFinished(() => after.close())
    after.send(mutation)
    expect(await after.next((message) => message.type === 'MutationResponse')).toMatchObject({
      result: 1,
      ts: answer.ts,
    })
    expect(await httpClient(server).query(api.messages.count, { name: 'lost answer' })).toBe(1)
  })
})

describe('a kill in the middle of mutations', () => {
  const countOf = (name: string) => httpClient(server).query(api.messages.count, { name })
  const bodiesOf = async (channel: string) =>
    (await httpClient(server).query(api.messages.list, { channel })).map(({ body }: { body: string }) => body)

  it('loses none that was acknowledged, adds none, and leaves none half done', async () => {
    for (const round of [1, 2, 3]) {
      const channel = `killed ${round}`
      const client = httpClient(server)
      const sent = new Set<string>()
      const acknowledged: string[] = []
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (;;) {
          const body = `${writer}/${sent.size}`
          sent.add(body)
          await client.mutation(api.messages.sendCounted, { channel, body }, { skipQueue: true })
          acknowledged.push(body)
        }
      })
      await eventually(
        () => acknowledged.length,
        (count) => count > 20 * round,
      )
      process.kill(server.pid, 'SIGKILL')
      await Promise.allSettled(writers)
      await server.start()
      const bodies = await bodiesOf(channel)
      expect(bodies).toEqual(expect.arrayContaining(acknowledged))
      expect([...sent]).toEqual(expect.arrayContaining(bodies))
      expect(new Set(bodies).size).toBe(bodies.length)
      expect(await countOf(channel)).toBe(bodies.length)
    }
  })

  it('is bridged by live clients: what they sent counts once, however often it was sent', async () => {
    const EACH = 150
    const clients = Array.from({ length: 4 }, () => liveClient(server))
    const seen = watch<number>(liveClient(server), api.messages.count, { name: 'bridged' })
    let acknowledged = 0
    const writers = clients.map(async (client, writer) => {
      const sends = Array.from({ length: EACH }, async (_, index) => {
        await client.mutation(api.messages.sendCounted, { channel: 'bridged', body: `${writer}/${index}` })
        acknowledged += 1
      })
      await Promise.all(sends)
    })
    for (const part of [1, 2, 3]) {
      await eventually(
        () => acknowledged,
        (count) => count >= (part * EACH * clients.length) / 5,
      )
      await server.stop('SIGKILL')
      await server.start()
    }
    await Promise.all(writers)
    await seen.until((count) => count === EACH * clients.length)
    expect(new Set(await bodiesOf('bridged')).size).toBe(EACH * clients.length)
    expect(await bodiesOf('bridged')).toHaveLength(EACH * clients.length)
    expect(await countOf('bridged')).toBe(EACH * clients.length)
  })
})

describe('scheduled functions', () => {
  it('run after a restart, those that were due in the meantime too', async () => {
    const client = httpClient(server)
    await client.mutation(api.work.later, { name: 'while down', delayMs: 100 })
    const id = await client.mutation(api.work.later, { name: 'far away', delayMs: 3_600_000 })
    await server.stop('SIGKILL')
    await server.start()
    await eventually(
      () => httpClient(server).query(api.messages.count, { name: 'while down' }),
      (count) => count === 1,
    )
    expect(await httpClient(server).query(api.work.job, { id })).toMatchObject({ state: { kind: 'pending' } })
  })
})

describe('the process', () => {
  it('says which variable is wrong', async () => {
    const { exitCode, output } = await runMain({
      INSTANCE_NAME: 'x',
      INSTANCE_SECRET: 'short',
      CONVEX_DATA_DIR: '/tmp',
    })
    expect(exitCode).toBe(2)
    expect(output).toMatch(/64 hexadecimal digits.*INSTANCE_SECRET/s)
    expect(output).not.toContain('short')
  })

  it('says when its port is taken, by whom, and how to change that', async () => {
    const folder = await temporaryFolder()
    const { exitCode, output } = await runMain({
      ...INSTANCE_ENVIRONMENT,
      CONVEX_DATA_DIR: folder,
      CONVEX_API_PORT: String(server.port),
      CONVEX_SITE_PORT: '0',
    })
    expect(exitCode).toBe(3)
    const [message, hint, ...more] = output.trimEnd().split('\n')
    expect(message).toMatch(
      new RegExp(`^error: cannot listen on 127\\.0\\.0\\.1:${server.port}: the port is taken by .*node`),
    )
    expect(message).toContain(`pid ${server.pid}`)
    expect(hint).toContain('CONVEX_API_PORT')
    expect(more).toEqual([])
  })

  it('ends in time although clients are connected', async () => {
    const folder = await temporaryFolder()
    const [port = 0] = await freePorts(1)
    const other = await startServer(folder, { port })
    const session = await RawSession.open(other)
    const idle = await fetch(`${other.url}/version`)
    expect(idle.ok).toBe(true)
    expect(await other.stop('SIGTERM')).toBe(0)
    await session.closed
  })
})
