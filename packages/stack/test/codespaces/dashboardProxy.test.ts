import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { startDashboardProxy } from '../../src/codespaces/dashboardProxy.ts'
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

async function startProxy(options: { dashboard?: number; backend?: number } = {}): Promise<string> {
  const port = await freePort()
  const proxy = await startDashboardProxy({
    port,
    dashboardUrl: `http://127.0.0.1:${options.dashboard ?? (await httpServer(says('dashboard')))}`,
    backendUrl: `http://127.0.0.1:${options.backend ?? (await backendServer())}`,
    forwardedOrigin: FORWARDED,
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
  const urls = { dashboardUrl: 'http://127.0.0.1:1', backendUrl: 'http://127.0.0.1:1', forwardedOrigin: FORWARDED }
  await expect(startDashboardProxy({ port, ...urls })).rejects.toMatchObject({
    code: 'PORT_TAKEN',
    message: expect.stringContaining(String(port)),
  })
})

describe('the page, which calls the forwarded URL', () => {
  const page: RequestListener = (_, response) => {
    response.setHeader('content-type', 'text/html').setHeader('content-security-policy', "default-src 'self'")
    response.end(`<script>const url = "${FORWARDED}"</script>`)
  }

  test('stays as it is where GitHub forwards it', async () => {
    const url = await startProxy({ dashboard: await httpServer(page) })
    const headers = { accept: 'text/html', 'x-forwarded-host': 'fluffy-waffle-6791.app.github.dev' }
    expect(await (await fetch(url, { headers })).text()).toContain(`"${FORWARDED}"`)
  })

  test('calls localhost where an editor forwards it, which has no cookie for GitHub', async () => {
    const url = await startProxy({ dashboard: await httpServer(page) })
    const response = await fetch(url, { headers: { accept: 'text/html' } })
    expect(await response.text()).toBe(`<script>const url = "${url}"</script>`)
    expect(response.headers.get('content-security-policy')).toBe("default-src 'self'")
  })

  test('is an error while the dashboard is down', async () => {
    const url = await startProxy({ dashboard: await freePort() })
    expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(502)
  })
})
