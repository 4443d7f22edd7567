import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { ADMIN_KEY_PLACEHOLDER } from '../../src/codespaces/dashboardPage.ts'
import { startDashboardProxy } from '../../src/codespaces/dashboardProxy.ts'
import { HOSTILE, rawRequest, requestText, statusOf, UPGRADE } from '../rawRequest.ts'
import { freePort, httpServer, listen } from '../servers.ts'

const says =
  (who: string): RequestListener =>
  (request, response) => {
    response.setHeader('x-who', who)
    request.pipe(response)
  }

async function backendServer(): Promise<number> {
  const server = createServer(says('backend'))
  const sockets = new WebSocketServer({ server, path: '/api/1.45.0/sync' })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`backend: ${data}`)))
  return await listen(server)
}

const FORWARDED = 'https://fluffy-waffle-6791.app.github.dev'
const ADMIN_KEY = 'nebula|not-an-admin-key'

async function startProxy(options: { dashboard?: number; backend?: number; isLocal?: boolean } = {}): Promise<string> {
  const port = await freePort()
  const proxy = await startDashboardProxy({
    port,
    dashboardUrl: `http://127.0.0.1:${options.dashboard ?? (await httpServer(says('dashboard')))}`,
    backendUrl: `http://127.0.0.1:${options.backend ?? (await backendServer())}`,
    adminKey: ADMIN_KEY,
    ...(options.isLocal ? {} : { forwardedOrigin: FORWARDED }),
  })
  onTestFinished(() => proxy.close())
  return `http://127.0.0.1:${port}`
}

test.each([
  ['/', 'dashboard'],
  ['/data?table=runs', 'dashboard'],
  ['/_next/static/chunk.js', 'dashboard'],
  ['/versions', 'dashboard'],
  ['/api/query', 'backend'],
  ['/version', 'backend'],
  ['/instance_name', 'backend'],
  ['/api/storage/kg2f', 'dashboard'],
  ['/api/1.45.0/storage/kg2f', 'dashboard'],
])('%s is answered by the %s', async (path, who) => {
  const url = await startProxy()
  expect((await fetch(`${url}${path}`)).headers.get('x-who')).toBe(who)
})

test.each(['text/html', '*/*'])('what accepts %s is told that no frame of others is to show it', async (accept) => {
  const url = await startProxy()
  expect((await fetch(url, { headers: { accept } })).headers.get('x-frame-options')).toBe('SAMEORIGIN')
})

test('what the page sends arrives, and the answer comes back', async () => {
  const url = await startProxy()
  const body = JSON.stringify({ path: 'runs:list', args: {} })
  expect(await (await fetch(`${url}/api/query`, { method: 'POST', body })).text()).toBe(body)
})

test('the live connection goes to the backend', async () => {
  const url = await startProxy()
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/1.45.0/sync`)
  await once(socket, 'open')
  socket.send('hello')
  const [answer] = await once(socket, 'message')
  expect(String(answer)).toBe('backend: hello')
  socket.close()
})

test('while the backend is down it says so, and goes on', async () => {
  const url = await startProxy({ backend: await freePort() })
  expect((await fetch(`${url}/api/query`)).status).toBe(502)
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/1.45.0/sync`)
  await expect(once(socket, 'open')).rejects.toThrow()
  expect((await fetch(url)).headers.get('x-who')).toBe('dashboard')
})

test('a port that is taken is named', async () => {
  const port = await httpServer(says('somebody'))
  const urls = { dashboardUrl: 'http://127.0.0.1:1', backendUrl: 'http://127.0.0.1:1', adminKey: ADMIN_KEY }
  await expect(startDashboardProxy({ port, ...urls })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(String(port)),
  })
})

test('outside of a codespace the page calls the backend itself: nothing of that passes here', async () => {
  const url = await startProxy({ isLocal: true })
  expect((await fetch(`${url}/api/query`)).headers.get('x-who')).toBe('dashboard')
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/1.45.0/sync`)
  const [error] = await once(socket, 'error')
  expect(String(error)).toContain('404')
})

describe('the page', () => {
  const page: RequestListener = (_, response) => {
    response.setHeader('content-type', 'text/html').setHeader('content-security-policy', "default-src 'self'")
    response.end(`<script>const url = "${FORWARDED}", key = "${ADMIN_KEY_PLACEHOLDER}"</script>`)
  }

  test('stays as it is where GitHub forwards it, with the key in it', async () => {
    const url = await startProxy({ dashboard: await httpServer(page) })
    const headers = { accept: 'text/html', 'x-forwarded-host': 'fluffy-waffle-6791.app.github.dev' }
    const text = await (await fetch(url, { headers })).text()
    expect(text).toBe(`<script>const url = "${FORWARDED}", key = "${ADMIN_KEY}"</script>`)
  })

  test('calls localhost where an editor forwards it, which has no cookie for GitHub', async () => {
    const url = await startProxy({ dashboard: await httpServer(page) })
    const response = await fetch(url, { headers: { accept: 'text/html' } })
    expect(await response.text()).toBe(`<script>const url = "${url}", key = "${ADMIN_KEY}"</script>`)
    expect(response.headers.get('content-security-policy')).toBe("default-src 'self'")
  })

  test('is asked for under the name of this machine, whatever else the dashboard itself refuses', async () => {
    const hosts: (string | undefined)[] = []
    const dashboard = await httpServer((request, response) => {
      hosts.push(request.headers.host)
      page(request, response)
    })
    const url = await startProxy({ dashboard })
    const { port } = new URL(url)
    await rawRequest(
      Number(port),
      requestText('/', new URL(FORWARDED).host, ['Accept: text/html', 'Connection: close']),
    )
    expect(hosts).toEqual([`127.0.0.1:${port}`])
  })

  test('is an error while the dashboard is down', async () => {
    const url = await startProxy({ dashboard: await freePort() })
    expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(502)
  })
})

describe('who asks', () => {
  const page: RequestListener = (_, response) => void response.end(ADMIN_KEY_PLACEHOLDER)
  const html = ['Accept: text/html', 'Connection: close']

  async function portOfProxy(isLocal: boolean): Promise<number> {
    return Number(new URL(await startProxy({ dashboard: await httpServer(page), isLocal })).port)
  }

  test.each([false, true])(
    'a rebound name gets no page with the key in it (outside of a codespace: %s)',
    async (isLocal) => {
      const port = await portOfProxy(isLocal)
      for (const target of ['/', '//localhost/', `http://localhost:${port}/`]) {
        for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example']) {
          const answer = await rawRequest(port, requestText(target, host, html))
          expect(answer, `${target} ${host}`).not.toContain(ADMIN_KEY)
          expect([400, 403]).toContain(statusOf(answer))
        }
      }
      expect(await rawRequest(port, requestText('/', `localhost:${port}`, html))).toContain(ADMIN_KEY)
    },
  )

  test('the codespace is known by its own name only', async () => {
    const host = new URL(FORWARDED).host
    expect(statusOf(await rawRequest(await portOfProxy(false), requestText('/', host, html)))).toBe(200)
    expect(statusOf(await rawRequest(await portOfProxy(true), requestText('/', host, html)))).toBe(403)
  })

  test.each(HOSTILE)(
    'the target %j with the host %j is refused, as an upgrade too, and it lives on',
    async (target, host) => {
      for (const isLocal of [false, true]) {
        const port = await portOfProxy(isLocal)
        for (const more of [html, UPGRADE, []]) {
          expect(statusOf(await rawRequest(port, requestText(target, host, more))), more.join()).toBe(400)
        }
        expect(statusOf(await rawRequest(port, requestText('/', `127.0.0.1:${port}`, html)))).toBe(200)
      }
    },
  )

  test('a page of another origin calls neither the backend nor its live connection', async () => {
    const url = await startProxy()
    const { port } = new URL(url)
    for (const origin of ['https://evil.example', 'null', 'http://localhost:3000']) {
      const request = requestText('/api/query', `localhost:${port}`, [`Origin: ${origin}`, 'Connection: close'])
      expect(statusOf(await rawRequest(Number(port), request)), origin).toBe(403)
      const upgrade = requestText('/api/1.45.0/sync', `localhost:${port}`, [`Origin: ${origin}`, ...UPGRADE])
      expect(statusOf(await rawRequest(Number(port), upgrade)), origin).toBe(403)
    }
    expect((await fetch(`${url}/api/query`, { headers: { origin: FORWARDED } })).headers.get('x-who')).toBe('backend')
  })

  test.each([
    ['for a WebSocket that nobody has', '/somewhere', {}, 404],
    ['to something else than a WebSocket', '/api/1.45.0/sync', { Upgrade: 'h2c' }, 400],
    ['while the backend is down', '/api/1.45.0/sync', {}, 502],
  ])('a request to upgrade %s is answered, and its connection closed', async (_, target, change, status) => {
    const url = await startProxy({ backend: await freePort() })
    const port = Number(new URL(url).port)
    const headers = UPGRADE.map((line) => ('Upgrade' in change ? line.replace(': websocket', ': h2c') : line))
    expect(statusOf(await rawRequest(port, requestText(target, 'localhost', headers)))).toBe(status)
  })

  test('a client that leaves while the backend is silent takes its connection there along', async () => {
    const left = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const server = createServer().on('upgrade', (_, socket) => {
      asked.resolve()
      for (const event of ['end', 'close', 'error']) socket.on(event, () => left.resolve())
      socket.resume()
    })
    const url = await startProxy({ backend: await listen(server) })
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/1.45.0/sync`)
    socket.on('error', () => {})
    await asked.promise
    socket.terminate()
    await left.promise
  })
  test('it ends while a live connection is open', async () => {
    const port = await freePort()
    const backendUrl = `http://127.0.0.1:${await backendServer()}`
    const options = { port, backendUrl, dashboardUrl: backendUrl, adminKey: ADMIN_KEY, forwardedOrigin: FORWARDED }
    const proxy = await startDashboardProxy(options)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/1.45.0/sync`)
    await once(socket, 'open')
    const closed = once(socket, 'close')
    await proxy.close()
    await closed
  })
})
