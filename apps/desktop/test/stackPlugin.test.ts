import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseCatalogue } from '@nebula/stack/catalogue/load'
import { writeState } from '@nebula/stack/embedded/state'
import { ensureSecrets } from '@nebula/stack/secrets'
import { createServer as createVite } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { stackPlugin } from '../vite/stackPlugin.ts'

const PAGE = '<!doctype html><title>The page</title>'

/** A backend that says who it is, and which upgrades to a WebSocket it was asked for. */
async function startBackend() {
  const upgrades: (string | undefined)[] = []
  const server = createServer((asked, response) => {
    response.setHeader('Nebula-Stand-In', 'convex-embedded 0.1.0').end(`asked for ${asked.url}`)
  })
  server.on('upgrade', (asked, socket) => {
    upgrades.push(asked.url)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: portOf(server), upgrades }
}

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port // a TCP server has no other kind of address
}

const catalogue = (ports: { backend: number; page: number }) => `name: nebula
cluster: { name: k3d-nebula, namespace: nebula, definition: infra/ctlptl.yaml }
platform:
  - id: tilt
    title: Tilt
    endpoints: [{ name: ui, scheme: http, localPort: 2, label: Tilt, audience: person, onForward: ignore }]
services:
${[
  ['convex-backend', 'Convex', 'api', ports.backend, '/version', '{ argv: [convex] }'],
  ['temporal-ui', 'Temporal UI', 'ui', 1, '/', 'null'],
  ['nebula-worker', 'Worker', 'health', 4, '/health', '{ argv: [worker] }'],
  ['desktop', 'Runs', 'web', ports.page, '/', '{ argv: [vite] }'],
]
  .map(
    ([id, title, endpoint, port, where, embedded]) => `  - id: ${id}
    title: ${title}
    summary: ${title}
    group: app
    kind: server
    endpoints:
      - { name: ${endpoint}, scheme: http, localPort: ${port}, path: ${where}, label: ${title}, audience: person, onForward: ignore }
    ready: { kind: http, endpoint: ${endpoint}, path: ${where}, status: 200, deadlineMs: 1000 }
    resources: { memoryMb: 1, diskMb: 1 }
    usualStartMs: 1
${embedded === 'null' ? '' : `    embedded: ${embedded}`}`,
  )
  .join('\n')}
`

/** The dev server on a free port, in front of a backend. */
async function startPage(env: Record<string, string> = {}) {
  const root = await mkdtemp(path.join(tmpdir(), 'nebula-desktop-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await writeFile(path.join(root, 'index.html'), PAGE)
  await ensureSecrets(root)
  const backend = await startBackend()
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const port = portOf(free)
  await new Promise((resolve) => free.close(resolve))
  const text = catalogue({ backend: backend.port, page: 3 })
  const vite = await createVite({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      stackPlugin({ root, catalogue: parseCatalogue(text, 'stack.yaml'), env: { PORT: String(port), ...env } }),
    ],
  })
  await vite.listen()
  onTestFinished(() => vite.close())
  return { url: `http://127.0.0.1:${port}`, port, root, backend }
}

/** What a request with a host name of its own is answered. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const sent = request(url, { headers: { host } }).end()
  const [response] = await once(sent, 'response')
  response.resume()
  return response.statusCode
}

test('Convex is on the origin of the page, without the prefix that it is found under', async () => {
  const { url, backend } = await startPage()
  expect(await (await fetch(`${url}/_stack/convex/version`)).text()).toBe('asked for /version')
  const headers = {
    connection: 'upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'bmVidWxhIG5lYnVsYSA=',
    'sec-websocket-version': '13',
  }
  const sent = request(`${url}/_stack/convex/api/1.45.0/sync`, { headers }).end()
  const [response, socket] = await once(sent, 'upgrade')
  socket.destroy()
  expect(response.statusCode).toBe(101)
  expect(backend.upgrades).toEqual(['/api/1.45.0/sync'])
})

test('every server of the stack is told, by its own check, stand-ins by their name', async () => {
  const { url, backend } = await startPage()
  expect(await (await fetch(`${url}/_stack/services`)).json()).toEqual({
    services: [
      {
        id: 'convex-backend',
        title: 'Convex',
        healthy: true,
        standIn: 'convex-embedded 0.1.0',
        page: { port: backend.port, path: '/version' },
      },
      {
        id: 'temporal-ui',
        title: 'Temporal UI',
        healthy: false,
        detail: 'nothing listens there',
        page: { port: 1, path: '/' },
      },
      {
        id: 'nebula-worker',
        title: 'Worker',
        healthy: false,
        detail: 'nothing listens there',
        page: { port: 4, path: '/health' },
      },
    ],
  })
})

test('in embedded mode, what only runs in a cluster is not missed', async () => {
  const { url, root } = await startPage()
  const supervisor = { pid: process.pid, startTime: '1' }
  writeState(root, { supervisor, definition: '', retries: 0, services: [] })
  const { services } = await (await fetch(`${url}/_stack/services`)).json()
  expect(services.map(({ id }: { id: string }) => id)).toEqual(['convex-backend', 'nebula-worker'])
})

test('a name that is neither this machine nor its forwarded port is refused, for the stack too', async () => {
  const { url, port } = await startPage({
    CODESPACE_NAME: 'fuzzy-lamp',
    GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: 'app.github.dev',
  })
  for (const where of ['/', '/_stack/services', '/_stack/convex/version']) {
    expect(await statusFor(url + where, `localhost:${port}`), where).toBe(200)
    expect(await statusFor(url + where, `fuzzy-lamp-${port}.app.github.dev`), where).toBe(200)
    expect(await statusFor(url + where, 'rebound.example.org'), where).toBe(403)
  }
})
