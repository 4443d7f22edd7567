import { makeFunctionReference } from 'convex/server'
import { describe, expect, it } from 'vitest'
import { convex, DEPLOY } from './harness/cli.ts'
import { eventually, httpClient, liveClient, watch } from './harness/clients.ts'
import { ADMIN_KEY, api } from './harness/fixture.ts'
import { fixtureCopy } from './harness/fixtureCopy.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

const greet = () => httpClient(server).query(api.messages.greet, {})
const GREETING = (text: string) => ({ 'greeting.ts': `export const greeting = '${text}'\n` })

describe('convex deploy', () => {
  it('replaces the functions, in live queries too, and after a restart', async () => {
    const seen = watch<string>(liveClient(server), api.messages.greet, {})
    await seen.until((text) => text === 'hello nobody')
    const { exitCode, stderr } = await convex(server, DEPLOY, { cwd: await fixtureCopy(GREETING('good evening')) })
    expect(stderr).toContain('Deployed Convex functions')
    expect(exitCode).toBe(0)
    await seen.until((text) => text === 'good evening nobody')
    await server.stop('SIGKILL')
    await server.start()
    expect(await greet()).toBe('good evening nobody')
    expect((await convex(server, DEPLOY)).exitCode).toBe(0)
    expect(await greet()).toBe('hello nobody')
  })

  it.each([
    [
      'that throws while it loads',
      { 'broken.ts': "throw new Error('not today')\nexport const x = 1\n" },
      'Uncaught Error: not today',
    ],
    [
      'whose auth config reads an unset variable',
      { 'auth.config.ts': 'export default { providers: [{ domain: process.env.NOT_SET!, applicationID: "x" }] }\n' },
      'Environment variable NOT_SET is used in auth config file but its value was not set',
    ],
    [
      'with a schema that the documents do not match',
      {
        'schema.ts':
          "import { defineSchema, defineTable } from 'convex/server'\nimport { v } from 'convex/values'\n" +
          'export default defineSchema({ messages: defineTable({ channel: v.string(), body: v.number() }).index("by_channel", ["channel"]) })\n',
      },
      'does not match the schema',
    ],
    ['with an HTTP router that is none', { 'http.ts': 'export default 5\n' }, 'httpRouter()'],
    ['with a syntax error', { 'broken.ts': 'export const = 5\n' }, 'Expected identifier'],
  ])('of a push %s fails with the reason, and leaves the running functions alone', async (_name, files, reason) => {
    await httpClient(server).mutation(api.messages.send, { channel: 'x', body: 'there is a document' })
    const cwd = await fixtureCopy({ ...files, ...GREETING('never') })
    const { exitCode, stderr } = await convex(server, DEPLOY, { cwd })
    expect(stderr).toContain(reason)
    expect(exitCode).toBe(1)
    expect(await greet()).toBe('hello nobody')
  })

  it('says what it is about when the admin key is wrong', async () => {
    const { exitCode, stderr } = await convex(server, DEPLOY, { adminKey: `${ADMIN_KEY.slice(0, -4)}0000` })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('admin key was invalid')
  })

  it('lists the indexes that come and go', async () => {
    const schema =
      "import { defineSchema, defineTable } from 'convex/server'\nimport { v } from 'convex/values'\n" +
      "export default defineSchema({ messages: defineTable(v.any()).index('by_channel', ['channel']).index('by_body', ['body']) }, { schemaValidation: false })\n"
    const cwd = await fixtureCopy({ 'schema.ts': schema })
    const { exitCode, stderr } = await convex(server, [...DEPLOY, '--dry-run'], { cwd })
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/messages\.by_body/)
    expect(await greet()).toBe('hello nobody')
    await expect(convex(server, ['run', 'messages:list', '{"channel":"none"}'])).resolves.toMatchObject({ exitCode: 0 })
  })

  it('takes actions for Node.js, and modules in folders', async () => {
    const cwd = await fixtureCopy({
      'node.ts':
        "'use node'\nimport { cpus } from 'node:os'\nimport { actionGeneric } from 'convex/server'\n" +
        'export const processors = actionGeneric({ args: {}, handler: async () => cpus().length })\n',
    })
    expect((await convex(server, DEPLOY, { cwd })).exitCode).toBe(0)
    const processors = makeFunctionReference<'action', Record<string, never>, number>('node:processors')
    expect(await httpClient(server).action(processors, {})).toBeGreaterThan(0)
    expect((await convex(server, DEPLOY)).exitCode).toBe(0)
    await expect(httpClient(server).action(processors, {})).rejects.toThrow('Could not find public function')
  })

  it('runs cron jobs from then on', async () => {
    const crons =
      "import { cronJobs, makeFunctionReference } from 'convex/server'\nconst crons = cronJobs()\n" +
      "crons.interval('tick', { seconds: 1 }, makeFunctionReference<'mutation'>('messages:bump'), { name: 'cron' })\nexport default crons\n"
    expect((await convex(server, DEPLOY, { cwd: await fixtureCopy({ 'crons.ts': crons }) })).exitCode).toBe(0)
    const count = () => httpClient(server).query(api.messages.count, { name: 'cron' })
    await eventually(count, (value) => value >= 1)
    expect((await convex(server, DEPLOY)).exitCode).toBe(0)
  })
})
