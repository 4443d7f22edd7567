import { readdir } from 'node:fs/promises'
import type { GenericId } from 'convex/values'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startDashboard } from '../src/dashboard/dashboard.ts'
import { eventually, httpClient, json, liveClient, setEnvironment, watch } from './harness/clients.ts'
import { ADMIN_KEY, api } from './harness/fixture.ts'
import { head, sendRaw, upgradeHead } from './harness/raw.ts'
import { RawSession } from './harness/rawSession.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

const MALFORMED: readonly (readonly [name: string, target: string, headers: readonly string[]])[] = [
  ['a target that is no path', '//', ['Host: localhost']],
  ["another host's name in the target", '//localhost/', ['Host: localhost']],
  ['a URL as the target that is none', 'http://[', ['Host: localhost']],
  ['a URL as the target', 'http://localhost/', ['Host: localhost']],
  ['half an address as the host', '/', ['Host: [']],
  ['two words as the host', '/', ['Host: a b']],
  ['a port that is none', '/', ['Host: x:99999']],
  ['an empty host', '/', ['Host: ']],
]

describe.each(['API', 'site', 'dashboard'] as const)('the %s', (which) => {
  let url: string
  let close = async () => {}
  beforeAll(async () => {
    if (which !== 'dashboard') url = which === 'API' ? server.url : server.siteUrl
    else
      ({ url, close } = await startDashboard({ host: '127.0.0.1', port: 0, deploymentUrl: server.url, log: () => {} }))
  })
  afterAll(async () => await close())

  it.each(MALFORMED)('answers 400 to %s, and closes', async (_name, target, headers) => {
    expect((await sendRaw(url, head(`GET ${target}`, headers))).status).toBe(400)
    expect((await fetch(`${url}/version`)).status).toBe(200)
  })

  it.each(MALFORMED)('answers 400 to an upgrade with %s, and closes', async (_name, target, headers) => {
    expect((await sendRaw(url, upgradeHead(target, headers))).status).toBe(400)
    expect((await fetch(`${url}/version`)).status).toBe(200)
  })

  it('closes after an upgrade that leads nowhere', async () => {
    expect((await sendRaw(url, upgradeHead('/nowhere'))).status).toBe(404)
  })

  it('refuses TRACE', async () => {
    expect((await sendRaw(url, head('TRACE /hook'))).status).toBe(400)
  })

  it('does not answer to the name of another site, which may be made to lead here', async () => {
    const { port } = new URL(url)
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', 'localhost.evil.example']) {
      expect((await sendRaw(url, head('GET /version', [`Host: ${host}`]))).status, host).toBe(403)
    }
    for (const host of [
      'localhost:1',
      '127.0.0.1',
      '[::1]:9',
      'app.localhost',
      '10.42.0.7:6791',
      'convex-backend:3210',
    ]) {
      expect((await sendRaw(url, head('GET /version', [`Host: ${host}`]))).status, host).toBe(200)
    }
  })
})

it.skipIf(process.platform !== 'linux')('leaves no descriptor behind', async () => {
  const descriptors = async () => (await readdir(`/proc/${server.pid}/fd`)).length
  await fetch(`${server.url}/version`, { headers: { Connection: 'close' } })
  const before = await descriptors()
  for (const [, target, headers] of MALFORMED) {
    await sendRaw(server.url, upgradeHead(target, headers))
    await sendRaw(server.url, head(`GET ${target}`, headers))
  }
  await eventually(descriptors, (now) => now <= before)
})

describe("the dashboard's admin key", () => {
  const adminKey = 'fixture|secret'
  it.each([
    ['//localhost/', 'evil.example'],
    ['//127.0.0.1/', 'evil.example'],
    ['http://localhost/', 'evil.example'],
    ['/', 'evil.example'],
    ['/', 'localhost.evil.example'],
    ['/', '10.0.0.1'],
  ])('is not in the answer to %s for the host %s', async (target, host) => {
    const options = { host: '127.0.0.1', port: 0, deploymentUrl: 'http://127.0.0.1:1', adminKey, log: () => {} }
    const dashboard = await startDashboard(options)
    onTestFinished(() => dashboard.close())
    expect((await sendRaw(dashboard.url, head(`GET ${target}`, [`Host: ${host}`]))).text).not.toContain(adminKey)
  })

  it("is in the page by the deployment's own name, and by what a codespace forwards it to", async () => {
    const deploymentUrl = 'https://some-3210.app.example.dev'
    const dashboard = await startDashboard({ host: '127.0.0.1', port: 0, deploymentUrl, adminKey, log: () => {} })
    onTestFinished(() => dashboard.close())
    const own = await sendRaw(dashboard.url, head('GET /', ['Host: some-3210.app.example.dev']))
    expect(own.text).toContain(adminKey)
    const sibling = await sendRaw(dashboard.url, head('GET /version', ['Host: some-6791.app.example.dev']))
    expect(sibling.status).toBe(200)
  })
})

describe("what is the client's fault", () => {
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { method: 'POST', body, headers })

  it.each([
    ['arguments that are no JSON', '/api/query?path=messages:greet&args={', 400],
    ['arguments that are cut off', '/api/query?path=messages:greet&args=%7B%22', 400],
    ['a file by a name of other bytes', `/api/storage/1_storage-${'%C3%A9'.repeat(32)}`, 404],
    ['a file by a name that is none', '/api/storage/%E0%A4%A', 404],
  ])('%s: no stack, no paths', async (_name, target, status) => {
    const { text, status: got } = await sendRaw(server.url, head(`GET ${target}`))
    expect(got).toBe(status)
    expect(text).not.toMatch(/\bat .*:\d+|node:internal|\/src\//)
  })

  it('a function by a name that does not decode', async () => {
    const { status, text } = await sendRaw(
      server.url,
      `${head('POST /api/run/%E0%A4%A', ['Host: localhost', 'Content-Length: 2'])}{}`,
    )
    expect(status).toBe(400)
    expect(text).not.toContain('URIError')
  })

  it('an upload token of other bytes than ASCII', async () => {
    const token = `${Date.now() + 100_000}-${'é'.repeat(32)}`
    expect((await post(`/api/storage/upload?token=${encodeURIComponent(token)}`, 'x')).status).toBe(401)
  })

  it.each([[null], [7], [{ a: 1 }], [[1, null]], [true]])('a token for the audience %j', async (aud) => {
    const headers = { Authorization: `Bearer ${await server.signer.sign({ aud })}` }
    const answer = await post('/api/query', '{"path":"messages:greet","args":{}}', headers)
    expect(answer.status).toBe(401)
    expect(await json(answer)).toMatchObject({ code: 'Unauthenticated' })
  })

  it('a body that is too large: the rest of it is not read', async () => {
    const headers = ['Host: localhost', `Content-Length: ${100 * 1024 * 1024}`]
    const { status, text } = await sendRaw(server.url, `POST /api/query HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n{`)
    expect(status).toBe(413)
    expect(text).toMatch(/^Connection: close\r$/im)
  })

  it('a body that is too large, in pieces', async () => {
    const piece = `${(1024 * 1024).toString(16)}\r\n${' '.repeat(1024 * 1024)}\r\n`
    const start = 'POST /api/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    const { status, text } = await sendRaw(server.url, start + piece.repeat(96), 30_000)
    expect(status).toBe(413)
    expect(text).toMatch(/^Connection: close\r$/im)
  })

  it('a name of a field, of a table or of a variable that objects have by themselves', async () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      const args = `{"channel":"odd","body":"x","${name}":{"fieldType":1}}`
      const sent = await json(await post('/api/mutation', `{"path":"messages:send","args":${args}}`))
      expect(sent.errorMessage, name).toMatch(/ArgumentValidationError/)
      const call = await json(await post('/api/query', `{"path":"messages:${name}","args":{}}`))
      expect(call.errorMessage, name).toMatch(/Could not find public function/)
      const data = {
        path: '_system/cli/tableData',
        args: { table: name, paginationOpts: { numItems: 5, cursor: null } },
      }
      const headers = { Authorization: `Convex ${ADMIN_KEY}` }
      expect(await json(await post('/api/query', JSON.stringify(data), headers))).toMatchObject({ value: { page: [] } })
    }
    await httpClient(server).mutation(api.messages.send, { channel: 'filtered', body: 'x' })
    const filter = { field: 'constructor', text: 'native code' }
    const args = { table: 'messages', filter, paginationOpts: { numItems: 5, cursor: null } }
    const filtered = await post('/api/query', JSON.stringify({ path: '_system/cli/tableData', args }), {
      Authorization: `Convex ${ADMIN_KEY}`,
    })
    expect(await json(filtered)).toMatchObject({ value: { page: [] } })
    expect((await setEnvironment(server, { constructor: 'a value' })).status).toBe(200)
    expect((await setEnvironment(server, { constructor: null })).status).toBe(200)
  })

  it('a required field that only every object has', async () => {
    const found = await json(await post('/api/query', '{"path":"work:named","args":{}}'))
    expect(found.errorMessage).toMatch(/missing the required field `constructor`/)
  })
})

describe('arguments deeper than 64 levels', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

  it('are refused over HTTP, and 64 levels are not', async () => {
    for (const [depth, status] of [
      [63, 200],
      [64, 400],
      [5000, 400],
      [500_000, 400],
    ] as const) {
      const body = `{"path":"work:echo","args":{"value":${nested(depth)}}}`
      const answer = await fetch(`${server.url}/api/action`, { method: 'POST', body })
      expect(answer.status, String(depth)).toBe(status)
    }
  })

  it.each(['ModifyQuerySet', 'Mutation', 'Action'])(
    'end the session that sends them in a %s, and no other',
    async (type) => {
      const other = await RawSession.open(server)
      const session = await RawSession.open(server)
      const args = nested(5000)
      const call = `"udfPath":"messages:greet","args":[${args}]`
      const text =
        type === 'ModifyQuerySet'
          ? `{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[{"type":"Add","queryId":0,${call}}]}`
          : `{"type":"${type}","requestId":0,${call}}`
      session.sendText(text)
      expect(await session.next(({ type: got }) => got === 'FatalError')).toMatchObject({ type: 'FatalError' })
      await session.closed
      other.modify(0, [{ type: 'Add', queryId: 0, udfPath: 'messages:greet', args: [{}] }])
      await other.next(({ modifications }) => modifications.length > 0)
      other.close()
    },
  )
})

it('tells clients of a commit to a table with a name like one of the system, and runs nothing of it', async () => {
  const client = httpClient(server)
  const seen = watch<number>(liveClient(server), api.messages.count, { name: 'decoy' })
  await seen.until((count) => count === 0)
  await client.mutation(api.work.decoy, {})
  await seen.until((count) => count === 1)
})

it('gives stored files away as what they are, never as a page of its own', async () => {
  const uploadUrl = await httpClient(server).mutation(api.work.uploadUrl, {})
  const body = '<script>alert(origin)</script>'
  const answer = await fetch(uploadUrl, { method: 'POST', headers: { 'Content-Type': 'text/html' }, body })
  // Ids are strings with a mark in their type.
  const id = String((await json(answer)).storageId) as GenericId<'_storage'>
  const file = await fetch(String(await httpClient(server).query(api.work.fileUrl, { id })))
  expect(file.headers.get('Content-Security-Policy')).toBe('sandbox')
  expect(file.headers.get('X-Content-Type-Options')).toBe('nosniff')
})

describe('a page of', () => {
  const ask = (origin: string, method = 'POST') =>
    fetch(`${server.url}/api/query`, {
      method,
      headers: { Origin: origin, ...(method === 'OPTIONS' ? { 'Access-Control-Request-Method': 'POST' } : {}) },
      ...(method === 'POST' ? { body: '{"path":"messages:greet","args":{}}' } : {}),
    })
  const upgrade = (origin: string) =>
    sendRaw(server.url, upgradeHead('/api/1.45.0/sync', ['Host: localhost', `Origin: ${origin}`]), 2_000)

  it.each([
    ...[
      'https://evil.example',
      'http://localhost.evil.example',
      'http://127.evil.example',
      'http://127.0.0.1.evil.example',
    ],
    ...['http://93.184.216.34', 'null', 'file://', 'x'],
  ])('the origin %s does nothing', async (origin) => {
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await ask(origin, method)
      expect(answer.status).toBe(403)
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBeNull()
    }
    const hook = await fetch(`${server.siteUrl}/hook`, { method: 'POST', headers: { Origin: origin }, body: 'x' })
    expect(hook.status).toBe(403)
    expect((await upgrade(origin)).status).toBe(403)
  })

  it.each([
    'http://localhost:5173',
    'http://127.0.0.1:1420',
    'http://[::1]:6791',
    'http://app.localhost:8080',
    'https://localhost:3000',
    'tauri://localhost',
    'http://tauri.localhost',
  ])('the origin %s is let in', async (origin) => {
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await ask(origin, method)
      expect(answer.ok).toBe(true)
      expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(origin)
    }
    await expect(upgrade(origin)).rejects.toThrow('101 Switching Protocols')
  })

  it("a codespace is let in once the deployment has its own forwarded name, and of nobody else's", async () => {
    const destination = { requestDestination: 'convexCloud', url: 'https://some-name-3210.app.example.dev' }
    const set = (url: string | null) =>
      fetch(`${server.url}/api/v1/update_canonical_url`, {
        method: 'POST',
        headers: { Authorization: `Convex ${ADMIN_KEY}` },
        body: JSON.stringify({ ...destination, url }),
      })
    expect((await set(destination.url)).status).toBe(200)
    onTestFinished(() => void set(null))
    expect((await ask('https://some-name-1420.app.example.dev')).status).toBe(200)
    expect((await ask('https://other-1420.app.example.dev')).status).toBe(403)
    expect((await ask('https://some-name-1420.evil.example')).status).toBe(403)
    const host = ['Host: some-name-3211.app.example.dev']
    expect((await sendRaw(server.url, head('GET /version', host))).status).toBe(200)
  })
})

it('closes on clients that take their time over the headers', { timeout: 60_000 }, async () => {
  const began = performance.now()
  const { status } = await sendRaw(server.url, 'GET /version HTTP/1.1\r\nHost: loc', 40_000)
  expect(status).toBe(408)
  expect(performance.now() - began).toBeGreaterThan(19_000)
})
