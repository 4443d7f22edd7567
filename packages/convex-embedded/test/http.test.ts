import { makeFunctionReference } from 'convex/server'
import { ConvexError } from 'convex/values'
import { describe, expect, it } from 'vitest'
import { httpClient, json } from './harness/clients.ts'
import { ADMIN_KEY, api } from './harness/fixture.ts'
import { head, sendRaw } from './harness/raw.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

describe('ConvexHttpClient', () => {
  it('runs mutations, queries and actions', async () => {
    const client = httpClient(server)
    const id = await client.mutation(api.messages.send, { channel: 'http', body: 'hello' })
    expect(await client.query(api.messages.list, { channel: 'http' })).toMatchObject([{ _id: id, body: 'hello' }])
    const noted = await client.action(api.work.note, { body: 'from an action' })
    expect(await client.query(api.messages.get, { id: noted })).toMatchObject({ channel: 'notes' })
  })

  it('carries every kind of value there and back', async () => {
    const value = {
      int64: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
      floats: [0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308],
      bytes: new Uint8Array([0, 1, 255]).buffer,
      text: 'ä 漢 🙂 \u0000 </script>',
      nested: [[], {}, null, true, { a: [{ b: false }] }],
    }
    const back = await httpClient(server).action(api.work.echo, { value })
    expect(back).toEqual(value)
    expect(Object.is(back.floats[1], -0)).toBe(true)
  })

  it('stores and returns two megabytes', async () => {
    const client = httpClient(server)
    const body = 'x'.repeat(2 * 1024 * 1024)
    const id = await client.mutation(api.messages.send, { channel: 'large', body })
    expect((await client.query(api.messages.get, { id })).body).toHaveLength(body.length)
  })

  it('gets the data of a ConvexError, the place of other errors, and rolls both back', async () => {
    const client = httpClient(server)
    const thrown = await client.mutation(api.messages.fail, { kind: 'convex' }).catch((error) => error)
    expect(thrown).toBeInstanceOf(ConvexError)
    expect(thrown.data).toEqual({ code: 'TEAPOT', count: 3n })
    const plain = await client.mutation(api.messages.fail, { kind: 'plain' }).catch((error) => error)
    expect(plain.message).toMatch(
      /^\[Request ID: \w+\] Server Error\nUncaught Error: boom\n {4}at .*convex\/messages\.ts:\d+/,
    )
    expect(await client.query(api.messages.list, { channel: 'lost' })).toEqual([])
  })

  it('rolls back a mutation that returns what its validator does not allow', async () => {
    const client = httpClient(server)
    await expect(client.mutation(api.messages.wrongReturn, {})).rejects.toThrow('ReturnsValidationError')
    expect(await client.query(api.messages.list, { channel: 'lost' })).toEqual([])
  })

  it('refuses arguments that do not match, and says which', async () => {
    const wrong = httpClient(server).mutation(makeFunctionReference<'mutation'>('messages:send'), {
      channel: 1,
      body: 'x',
    })
    await expect(wrong).rejects.toThrow(/ArgumentValidationError.*Path: \.channel.*v\.string\(\)/s)
  })

  it('serves internal functions to the admin key alone', async () => {
    const client = httpClient(server)
    await expect(client.query(makeFunctionReference<'query'>('messages:secret'), {})).rejects.toThrow(
      "Could not find public function for 'messages:secret'",
    )
    const answer = await post(
      '/api/query',
      { path: 'messages:secret', args: {} },
      { Authorization: `Convex ${ADMIN_KEY}` },
    )
    expect(await answer.json()).toEqual({ status: 'success', value: 'internal', logLines: [] })
  })

  it('says when a function is of another kind', async () => {
    await expect(httpClient(server).mutation(makeFunctionReference<'mutation'>('messages:list'), {})).rejects.toThrow(
      'defined as Query',
    )
  })

  it('runs 200 mutations that were sent at once, each of them once', async () => {
    const client = httpClient(server)
    const sent = Array.from({ length: 200 }, () =>
      client.mutation(api.messages.increment, { name: 'parallel' }, { skipQueue: true }),
    )
    expect(new Set(await Promise.all(sent)).size).toBe(200)
    expect(await client.query(api.messages.count, { name: 'parallel' })).toBe(200)
  })

  it('hands what a function prints back with the result', async () => {
    const answer = await post('/api/mutation', { path: 'messages:send', args: [{ channel: 'logs', body: 'four' }] })
    expect((await json(answer)).logLines).toEqual(["[LOG] 'sending' 'logs' { length: 4 }"])
    expect(server.lines.join('\n')).toContain("[CONVEX M(messages:send)] [LOG] 'sending' 'logs' { length: 4 }")
  })

  it('outlives what functions do to it', async () => {
    const client = httpClient(server)
    expect(await client.action(api.work.careless, {})).toBe('done')
    await expect(client.mutation(api.work.exits, {})).rejects.toThrow('process.exit is not available')
    await expect(client.mutation(api.work.waits, {})).rejects.toThrow('`setTimeout` is not supported in Convex queries')
    expect(await client.query(api.messages.greet, {})).toBe('hello nobody')
    expect(server.lines.join('\n')).toContain('thrown by a timer')
  })

  it("shows functions the deployment's environment, not the server's", async () => {
    expect(await httpClient(server).query(api.messages.hides, {})).toBeNull()
  })
})

describe('the API', () => {
  it('names itself a stand-in, everywhere', async () => {
    for (const path of ['/version', '/instance_version', '/instance_name', '/', '/nowhere']) {
      const answer = await fetch(server.url + path)
      expect(answer.headers.get('Nebula-Stand-In')).toMatch(/^convex-embedded \d/)
    }
    expect(await (await fetch(`${server.url}/version`)).text()).toContain('stand-in')
    expect(await (await fetch(`${server.url}/instance_name`)).text()).toBe('fixture')
    expect(server.lines[0]).toContain("Nebula's stand-in for the Convex backend, on convex-test")
  })

  it('accepts its own admin key and no other', async () => {
    const check = (key: string) =>
      fetch(`${server.url}/api/check_admin_key`, { headers: { Authorization: `Convex ${key}` } })
    expect((await check(ADMIN_KEY)).status).toBe(200)
    const altered = ADMIN_KEY.slice(0, -1) + (ADMIN_KEY.endsWith('0') ? '1' : '0')
    for (const key of [altered, '', 'fixture|00', `other${ADMIN_KEY.slice(7)}`]) {
      const answer = await check(key)
      expect(answer.status).toBe(403)
      expect(await answer.json()).toMatchObject({ code: 'BadAdminKey' })
    }
    const without = await fetch(`${server.url}/api/check_admin_key`)
    expect(without.status).toBe(403)
  })

  it('keeps every admin route from everybody else', async () => {
    for (const path of ['/api/deploy2/start_push', '/api/update_environment_variables', '/api/get_config_hashes']) {
      expect((await post(path, {})).status).toBe(403)
    }
    const env = await post('/api/query', { path: '_system/cli/queryEnvironmentVariables', args: {} })
    expect(await env.json()).toMatchObject({ status: 'error' })
  })

  it('lets pages of every origin in', async () => {
    const answer = await fetch(`${server.url}/api/query`, {
      method: 'OPTIONS',
      headers: {
        Origin: 'http://localhost:1420',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,convex-client',
      },
    })
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('http://localhost:1420')
    expect(answer.headers.get('Access-Control-Allow-Headers')).toBe('content-type,convex-client')
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBe('true')
  })

  it('answers nonsense with a reason', async () => {
    const broken = await fetch(`${server.url}/api/query`, { method: 'POST', body: '{' })
    expect(broken.status).toBe(400)
    expect(await broken.json()).toMatchObject({ code: 'BadJsonBody' })
    expect((await post('/api/query', { args: {} })).status).toBe(400)
    expect((await post('/api/unknown', {})).status).toBe(404)
    const wrongScheme = await post('/api/query', { path: 'messages:whoami', args: {} }, { Authorization: 'Basic eA==' })
    expect(wrongScheme.status).toBe(401)
  })

  it('answers batches, GET queries and /api/run', async () => {
    const batch = await post('/api/query_batch', {
      queries: [
        { path: 'messages:greet', args: {} },
        { path: 'no:thing', args: {} },
      ],
    })
    expect((await json(batch)).results).toMatchObject([
      { status: 'success', value: 'hello nobody' },
      { status: 'error' },
    ])
    const get = await fetch(`${server.url}/api/query?path=messages:count&args=${encodeURIComponent('{"name":"none"}')}`)
    expect(await get.json()).toMatchObject({ value: 0 })
    expect(await (await post('/api/run/messages/greet', {})).json()).toMatchObject({ value: 'hello nobody' })
  })

  it('runs HTTP actions on their own port and under /http', async () => {
    for (const base of [server.siteUrl, `${server.url}/http`]) {
      const answer = await fetch(`${base}/hook?x=1`, { method: 'POST', body: 'payload' })
      expect(answer.status).toBe(201)
      expect(answer.headers.get('X-Hook')).toBe('yes')
      const { id, url } = await json(answer)
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/hook\?x=1$/)
      expect(await httpClient(server).query(api.messages.get, { id: String(id) })).toMatchObject({ body: 'payload' })
    }
    expect((await fetch(`${server.siteUrl}/nowhere`)).status).toBe(404)
  })
})

it.each([
  ['/http//[', 404],
  ['/http//evil.example:99999/hook', 404],
  ['/http//evil.example/hook', 404],
  ['/http/hook', 201],
])('%s brings an HTTP action no other host', async (target, status) => {
  const request = `${head(`POST ${target}`, ['Host: localhost', 'Content-Length: 2'])}{}`
  const answer = await sendRaw(server.url, request)
  expect(answer.status).toBe(status)
  expect(answer.text).not.toContain('evil.example')
})
