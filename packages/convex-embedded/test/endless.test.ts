import { readFileSync } from 'node:fs'
import path from 'node:path'
import { makeFunctionReference } from 'convex/server'
import { expect, onTestFinished, test } from 'vitest'
import { fixtureCopy } from './fixtureCopy.ts'
import { api, convex, DEPLOY, httpClient, liveClient, type Server, startServer, temporaryFolder } from './harness.ts'

const LIMIT_MS = 4_000
const ENDLESS = `import { mutationGeneric as mutation, queryGeneric as query } from 'convex/server'

export const spin = query(() => {
  let turns = 0
  for (;;) turns += 1
})

export const wait = mutation(async (ctx) => {
  for (;;) await ctx.db.query('messages').first()
})
`
const MENDED = `import { queryGeneric as query } from 'convex/server'

export const spin = query(() => 'ends')
`
const spin = makeFunctionReference<'query'>('endless:spin')
const wait = makeFunctionReference<'mutation'>('endless:wait')

/** A deployment with functions that never end, and a way to start its server again. */
async function deployed(): Promise<{ start: () => Promise<Server>; cwd: string }> {
  const { folder, clean } = await temporaryFolder()
  onTestFinished(clean)
  const start = async () => {
    const server = await startServer(folder, { functionLimitMs: LIMIT_MS })
    onTestFinished(async () => void (await server.stop('SIGKILL')))
    return server
  }
  const cwd = await fixtureCopy({ 'auth.config.ts': null, 'endless.ts': ENDLESS })
  const server = await start()
  expect(await convex(server, DEPLOY, { cwd })).toMatchObject({ exitCode: 0 })
  await server.stop()
  return { start, cwd }
}

test('a function that never ends takes the server down once, not at every start', async () => {
  const { start, cwd } = await deployed()
  const first = await start()
  // As a page does, which comes back with its subscription after every restart.
  liveClient(first).onUpdate(spin, {}, () => {})
  expect(await first.ended).toBeNull()
  const said = first.lines.find((line) => line.includes('endless:spin'))
  expect(said).toMatch(/endless:spin did not end within 4 s at convex\/endless\.ts:\d+: the server ends\./)
  const [, line] = /endless\.ts:(\d+)/.exec(said ?? '') ?? []
  expect(ENDLESS.split('\n')[Number(line) - 1]).toMatch(/turns/)

  const second = await start()
  const refusal = /endless:spin did not end within 4 s \(convex\/endless\.ts:\d+\).*the next push/
  await expect(httpClient(second).query(spin, {})).rejects.toThrow(refusal)
  expect(second.lines.join('\n')).toMatch(refusal)
  expect(await httpClient(second).query(api.messages.list, { channel: 'any' })).toEqual([])

  // What is there already is no mended code.
  expect(await convex(second, DEPLOY, { cwd })).toMatchObject({ exitCode: 0 })
  await expect(httpClient(second).query(spin, {})).rejects.toThrow(refusal)
  const mended = await fixtureCopy({ 'auth.config.ts': null, 'endless.ts': MENDED })
  expect(await convex(second, DEPLOY, { cwd: mended })).toMatchObject({ exitCode: 0 })
  expect(await httpClient(second).query(spin, {})).toBe('ends')
})

test('a mutation that awaits nothing but its data is ended too, and has written nothing', async () => {
  const { start } = await deployed()
  const first = await start()
  await expect(httpClient(first).mutation(wait, {})).rejects.toThrow()
  expect(await first.ended).toBeNull()
  expect(JSON.parse(readFileSync(path.join(first.dataDir, 'endless-functions.json'), 'utf8'))).toMatchObject([
    { function: 'endless:wait', where: expect.stringMatching(/^convex\/endless\.ts:\d+$/) },
  ])
  await expect(httpClient(await start()).mutation(wait, {})).rejects.toThrow('did not end within 4 s')
})
