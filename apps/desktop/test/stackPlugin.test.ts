import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseCatalogue } from '@nebula/stack/catalogue/load'
import { writeState } from '@nebula/stack/embedded/state/supervisorState'
import { ensureSecrets } from '@nebula/stack/secrets/secrets'
import { createServer as createVite } from 'vite'
import { expect, onTestFinished, test } from 'vitest'
import { stackPlugin } from '../vite/stackPlugin.ts'

const PAGE = '<!doctype html><title>The page</title>'

/** A backend that says who it is, and which upgrades to a WebSocket it was asked for. */
async function startBackend() {
  const upgrades: (string | undefined)[] = []
  const asked: { url: string | undefined; origin: string | undefined }[] = []
  const server = createServer((request, response) => {
    asked.push({ url: request.url, origin: request.headers.origin })
    response.setHeader('Nebula-Stand-In', 'convex-embedded 0.1.0').end(`asked for ${request.url}`)
  })
  server.on('upgrade', (request, socket) => {
    upgrades.push(request.url)
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: portOf(server), upgrades, asked }
}

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port // a TCP server has no other kind of address
}

const catalogue = (ports: { backend: number; page: number }) => `name: nebula
cluster: { name: k3d-nebula, namespace: nebula, definition: infra/ctlptl.yaml, dataVolume: nebula-data }
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

const UPGRADE = {
  connection: 'upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'bmVidWxhIG5lYnVsYSBuZQ==',
  'sec-websocket-version': '13',
}

/** What a request to upgrade is answered, and whether its connection is closed when it is refused. */
async function upgradeFor(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const sent = request(url, { headers: { ...UPGRADE, ...headers }, agent: false }).end()
  return await new Promise((resolve, reject) => {
    sent.on('error', reject)
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode)
    })
    sent.on('response', (response) => response.resume().on('close', () => resolve(response.statusCode)))
  })
}

/** What a request with a host name of its own is answered. */
async function statusFor(url: string, host: string, headers: Readonly<Record<string, string>> = {}) {
  const sent = request(url, { headers: { host, ...headers } }).end()
  const [response] = await once(sent, 'response')
  response.resume()
  return response.statusCode
}

test('Convex is on the origin of the page, without the prefix that it is found under', async () => {
  const { url, backend } = await startPage()
  expect(await (await fetch(`${url}/_stack/convex/version`)).text()).toBe('asked for /version')
  const sent = request(`${url}/_stack/convex/api/1.45.0/sync`, { headers: UPGRADE }).end()
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

const CODESPACE = { CODESPACE_NAME: 'fuzzy-lamp', GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN: 'app.github.dev' }
const SYNC = '/_stack/convex/api/1.45.0/sync'

test('the live connection is for the page only, under a name of this machine', async () => {
  const { url, port, backend } = await startPage(CODESPACE)
  const forwarded = `fuzzy-lamp-${port}.app.github.dev`
  const host = `localhost:${port}`
  for (const refused of [
    { host: 'rebound.example.org' },
    { host, origin: 'https://evil.example' },
    { host, origin: 'http://localhost:3000' },
    { host, origin: 'null' },
    { host, origin: 'https://fuzzy-lamp-3000.app.github.dev' },
    { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'websocket' },
  ]) {
    expect(await upgradeFor(url + SYNC, refused), JSON.stringify(refused)).toBe(403)
  }
  expect(backend.upgrades).toEqual([])
  for (const allowed of [
    { host },
    { host, origin: `http://${host}` },
    { host, origin: `https://${forwarded}` },
    { host: forwarded, origin: `https://${forwarded}` },
    // Forwarded to another port by an editor.
    { host: 'localhost:11420', origin: 'http://localhost:11420' },
  ]) {
    expect(await upgradeFor(url + SYNC, allowed), JSON.stringify(allowed)).toBe(101)
  }
  expect(backend.upgrades).toHaveLength(5)
})

test("no other page acts on Convex, asks for the services, or opens files in this person's editor", async () => {
  const { url, port, backend } = await startPage()
  const host = `localhost:${port}`
  for (const where of ['/_stack/convex/api/mutation', '/_stack/services', '/__open-in-editor?file=x']) {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:3000' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' },
    ]) {
      expect(await statusFor(url + where, host, headers), where).toBe(403)
    }
  }
  expect(backend.asked).toEqual([])
  const own = { origin: `http://${host}`, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }
  expect(await statusFor(`${url}/_stack/convex/api/mutation`, host, own)).toBe(200)
  // Convex is told of no origin: for the page it is on its own.
  expect(backend.asked).toEqual([{ url: '/api/mutation', origin: undefined }])
  expect(await statusFor(`${url}/`, host, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200)
})

test.each(['//evil.example/', '@evil.example/', 'x', '/\\evil.example'])(
  'what follows the prefix of Convex is a path: %j is not',
  async (rest) => {
    const { url, backend } = await startPage()
    const { port } = new URL(url)
    const sent = request({ host: '127.0.0.1', port, path: `/_stack/convex${rest}` }).end()
    const [response] = await once(sent, 'response')
    response.resume()
    expect(backend.asked).toEqual([])
  },
)

test.each([
  ['for a WebSocket that nobody has', '/somewhere', {}, 404],
  ['to something else', SYNC, { upgrade: 'h2c' }, 400],
])('a request to upgrade %s is answered, and its connection closed', async (_, where, headers, status) => {
  const { url } = await startPage()
  expect(await upgradeFor(url + where, headers)).toBe(status)
})

test('the live reload of the page works as before', async () => {
  const { url, port } = await startPage()
  const headers = { 'sec-websocket-protocol': 'vite-hmr' }
  expect(await upgradeFor(url, { ...headers, host: `localhost:${port}` })).toBe(101)
  expect(await upgradeFor(url, { ...headers, host: 'rebound.example.org' })).toBe(403)
  expect(
    await upgradeFor(url, { ...headers, 'sec-websocket-protocol': 'vite-ping', host: 'rebound.example.org' }),
  ).toBe(403)
})
