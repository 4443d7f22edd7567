import { copyFile, cp, open, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  api,
  eventually,
  freePort,
  httpClient,
  liveClient,
  runMain,
  type Server,
  startDeployed,
  startServer,
  temporaryFolder,
  watch,
} from './harness.ts'
import { RawSession } from './rawSession.ts'

let server: Server
let clean: () => Promise<void>
beforeAll(async () => {
  ;({ server, clean } = await startDeployed())
})
afterAll(async () => {
  await server.stop('SIGKILL')
  await clean()
})

/** Ends the server and starts it again on the same data and port, where its clients look for it. */
async function restart(signal: NodeJS.Signals): Promise<number | null> {
  const exitCode = await server.stop(signal)
  server = await startServer(server.dataDir, { port: server.port })
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
    server = await startServer(server.dataDir, { port: server.port })
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

it('a kill in the middle of mutations loses none that was acknowledged, and adds none', async () => {
  for (const round of [1, 2, 3]) {
    const name = `killed ${round}`
    const client = httpClient(server)
    let acknowledged = 0
    let sent = 0
    const writers = Array.from({ length: 8 }, async () => {
      for (;;) {
        sent += 1
        await client.mutation(api.messages.increment, { name }, { skipQueue: true })
        acknowledged += 1
      }
    })
    await eventually(
      () => acknowledged,
      (count) => count > 20 * round,
    )
    process.kill(server.pid, 'SIGKILL')
    await Promise.allSettled(writers)
    server = await startServer(server.dataDir, { port: server.port })
    const count = await httpClient(server).query(api.messages.count, { name })
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    expect(count).toBeLessThanOrEqual(sent)
  }
})

describe('scheduled functions', () => {
  it('run after a restart, those that were due in the meantime too', async () => {
    const client = httpClient(server)
    await client.mutation(api.work.later, { name: 'while down', delayMs: 100 })
    const id = await client.mutation(api.work.later, { name: 'far away', delayMs: 3_600_000 })
    await server.stop('SIGKILL')
    server = await startServer(server.dataDir, { port: server.port })
    await eventually(
      () => httpClient(server).query(api.messages.count, { name: 'while down' }),
      (count) => count === 1,
    )
    expect(await httpClient(server).query(api.work.job, { id })).toMatchObject({ state: { kind: 'pending' } })
  })
})

describe('the data folder', () => {
  it('belongs to one server', async () => {
    await expect(startServer(server.dataDir)).rejects.toThrow(/another Convex stand-in is using .*convex\.sqlite/)
    expect(await httpClient(server).query(api.messages.count, { name: 'none' })).toBe(0)
  })

  it('is refused, by the name of the file, when it is damaged', async () => {
    const { folder, clean: remove } = await temporaryFolder()
    onTestFinished(remove)
    const file = path.join(folder, 'convex.sqlite')
    await writeFile(file, 'this is no database, although it is long enough to be one'.repeat(100))
    await expect(startServer(folder)).rejects.toThrow(`${file} is damaged`)
    expect((await stat(file)).size).toBeGreaterThan(1000)
  })

  it('is refused when pages of it are overwritten', async () => {
    const { folder, clean: remove } = await temporaryFolder()
    onTestFinished(remove)
    const client = httpClient(server)
    for (let index = 0; index < 20; index += 1) {
      await client.mutation(api.messages.send, { channel: 'bulk', body: 'x'.repeat(5000) })
    }
    await server.stop('SIGINT')
    const file = path.join(folder, 'convex.sqlite')
    await copyFile(path.join(server.dataDir, 'convex.sqlite'), file)
    server = await startServer(server.dataDir, { port: server.port })
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc(8192, 0x5a), 0, 8192, 4096)
    await handle.close()
    await expect(startServer(folder)).rejects.toThrow(`${file} is damaged`)
  })

  it('survives a log that breaks off in the middle', async () => {
    const { folder, clean: remove } = await temporaryFolder()
    onTestFinished(remove)
    await httpClient(server).mutation(api.messages.increment, { name: 'torn' })
    await cp(server.dataDir, folder, { recursive: true })
    const log = path.join(folder, 'convex.sqlite-wal')
    const { size } = await stat(log)
    const handle = await open(log, 'r+')
    await handle.truncate(size - 100)
    await handle.close()
    const torn = await startServer(folder)
    onTestFinished(async () => void (await torn.stop('SIGKILL')))
    expect(torn.lines.join('\n')).toContain('API on')
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

  it('says when its port is taken', async () => {
    const { folder, clean: remove } = await temporaryFolder()
    onTestFinished(remove)
    await expect(startServer(folder, { port: server.port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${server.port}`,
    )
  })

  it('ends in time although clients are connected', async () => {
    const { folder, clean: remove } = await temporaryFolder()
    onTestFinished(remove)
    const port = await freePort()
    const other = await startServer(folder, { port })
    const session = await RawSession.open(other)
    const idle = await fetch(`${other.url}/version`)
    expect(idle.ok).toBe(true)
    expect(await other.stop('SIGTERM')).toBe(0)
    await session.closed
  })
})
