import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import path from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { until } from '@nebula/stack/system/until'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOSTILE, rawRequest, requestText, statusOf, UPGRADE } from '../../packages/stack/test/rawRequest.ts'
import { copyInstalledCheckout, PageServer, vite } from '../lib/pageServer.ts'

const MARKER = 'not-for-the-page-5f0c1d'
const checkout = copyInstalledCheckout()
const inCheckout = (file: string) => path.join(checkout.root, file)

/** What nobody is to read: by its name, and by others that it was given. */
const PRIVATE = [
  '.nebula/secrets.json',
  '.nebula/embedded/data/convex-backend/convex.sqlite',
  '.env',
  '.git/config',
  'README.private.md',
  'packages/stack/src/notes.json',
  'apps/desktop/.env.local',
  'apps/desktop/src/copy.sqlite',
  'apps/desktop/src/server.pem',
  'packages/shared/.nebula/secrets.json',
]
const LINKS = {
  'apps/desktop/src/link.json': '.nebula/secrets.json',
  'apps/desktop/link.js': '.nebula/secrets.json',
  'apps/desktop/public/link.json': '.nebula/secrets.json',
  'packages/shared/src/link.ts': '.env',
  'apps/desktop/folder': '.nebula',
}
const LINKED = [...Object.keys(LINKS).filter((name) => path.extname(name) !== ''), 'apps/desktop/folder/secrets.json']

const QUERIES = [
  '', '?raw', '?import', '?url', '?import&raw', '?raw&import', '?import&url', '?inline', '?import&inline', '?url&inline',
  '?worker', '?worker&inline', '?worker&url', '?sharedworker', '?worker_file&type=module', '?init', '?vite-wasm-instance',
  '?html-proxy&index=0.js', '?direct', '?t=1', '?v=1', '??raw', '?raw??', '?import&?raw', '?import&raw?.svg', '?.svg', '?.wasm?init',
  '?.svg?import', '?raw%26', '?%72aw', '?commonjs-proxy', '?modulepreload', '?ssr', '?lang.css', '?type=style&lang.css',
] // biome-ignore format: a list

/** Of what Vite writes: imports and exports of other modules. */
const IMPORT = /^(?:import|export)\b[^;="]*?\bfrom\s*"([^"]+)"|^import\s*"([^"]+)"/gm
/** What Vite answers for a bundle of a package that it has just replaced; the page then loads again. */
const OUTDATED = 504

let server: PageServer
beforeAll(async () => {
  for (const file of PRIVATE) {
    mkdirSync(path.dirname(inCheckout(file)), { recursive: true })
    writeFileSync(inCheckout(file), `{ "convexAdminKey": "${MARKER}" }\n`)
  }
  for (const [link, file] of Object.entries(LINKS)) symlinkSync(inCheckout(file), inCheckout(link))
  server = await PageServer.start(checkout.root)
})
afterAll(async () => {
  await server.stop()
  checkout.remove()
})

/** Every way to write the path of a file that a server like this has been known to fall for, and some more. */
function spellings(file: string): readonly string[] {
  const absolute = inCheckout(file)
  const fromPage = path.relative(inCheckout('apps/desktop'), absolute)
  const encodedDots = (text: string) => text.replaceAll('.', '%2e')
  return [
    ...[absolute, `/${absolute}`, `//${absolute}`, encodedDots(absolute), encodedDots(encodeURI(encodedDots(absolute)))],
    ...[absolute.replaceAll('/', '%2f'), absolute.replaceAll('/', '%5c'), absolute.toUpperCase(), absolute.replace('.nebula', '.NEBULA')],
    ...[`${absolute}/`, `${absolute}.`, `${absolute}/.`, `${absolute}%20`, `${absolute}%00`, `${absolute}%00.js`, `${absolute};`],
    ...[`${absolute}::$DATA`, `${absolute}%3fraw`, `${absolute}%23x`, `${absolute}.map`, `${absolute}%2f..%2fsecrets.json`],
    ...[`${inCheckout('apps/desktop')}/${fromPage}`, `${inCheckout('apps/desktop/src')}/../${fromPage}`],
    `${inCheckout('apps/desktop')}/${fromPage.replaceAll('..', '%2e%2e')}`,
    `${inCheckout('apps/desktop')}/${fromPage.replaceAll('../', '..%2f')}`,
    `${inCheckout('apps/desktop')}/${fromPage.replaceAll('../', '%252e%252e/')}`,
    `${inCheckout('packages/shared')}/./.././../${file}`,
  ].flatMap((where) => [`/@fs${where}`, `/@id${where}`, `/@id/@fs${where}`, `/@id/__x00__${where}`, where])
    .concat([`/${fromPage}`, `/${encodedDots(fromPage)}`, `/${fromPage.replaceAll('/', '%2f')}`, `/${fromPage.replaceAll('../', '..\\')}`])
    .concat([`/src/../${fromPage}`, `/@FS${absolute}`, `/%40fs${absolute}`, `/@fs/./${absolute}`, `/./@fs${absolute}`, `/x/../@fs${absolute}`])
} // biome-ignore format: lists

/** Asks as it stands there: fetch would tidy the path up. */
async function ask(target: string, headers: IncomingHttpHeaders = {}, port = server.port) {
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: target, headers, agent: false }, resolve).on('error', reject)
  })
  return { status: response.statusCode ?? 0, headers: response.headers, text: await readText(response) }
}

/** Whether an answer has the marker in it, as it is or as part of a `data:` URL. */
function tells(text: string): boolean {
  const decoded = [...text.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)].map(([found]) =>
    Buffer.from(found, 'base64').toString(),
  )
  return [text, decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '')), ...decoded].some((one) =>
    one.includes(MARKER),
  )
}

async function leaks(
  targets: readonly string[],
  headers: IncomingHttpHeaders = {},
  port = server.port,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const target of targets) if (tells((await ask(target, headers, port)).text)) found.push(target)
  return found
}

test('however it is spelt, no file that is not for the page is handed out', async () => {
  expect(tells(Buffer.from(readFileSync(inCheckout(PRIVATE[0] ?? ''))).toString('base64'))).toBe(true)
  const [secrets = ''] = PRIVATE
  const plain = (file: string) => [
    `/@fs${inCheckout(file)}`,
    `/${path.relative(inCheckout('apps/desktop'), inCheckout(file))}`,
  ]
  const targets = [
    ...spellings(secrets).flatMap((where) => QUERIES.slice(0, 6).map((query) => where + query)),
    ...[...PRIVATE, ...LINKED].flatMap(plain).flatMap((where) => QUERIES.map((query) => where + query)),
    ...QUERIES.map((query) => `/link.json${query}`),
  ]
  expect(targets.length).toBeGreaterThan(1_500)
  expect(await leaks(targets)).toEqual([])
  for (const destination of ['script', 'style', 'document', 'iframe', 'image', 'worker', 'empty']) {
    const forms = plain(secrets).flatMap((where) => QUERIES.slice(0, 8).map((query) => where + query))
    expect(await leaks(forms, { 'sec-fetch-dest': destination }), destination).toEqual([])
  }
  expect(server.isRunning).toBe(true)
})

/** @returns every module of the page by its URL; null when Vite has bundled its packages anew meanwhile. */
async function loadModules(): Promise<ReadonlyMap<string, string> | null> {
  const seen = new Map<string, string>()
  const html = (await ask('/', { accept: 'text/html' })).text
  const queue = [...html.matchAll(/src="([^"]+)"|from ["']([^"']+)["']/g)].map(([, src, from]) => src ?? from ?? '')
  for (const url of queue) {
    if (seen.has(url)) continue
    const { status, headers, text } = await ask(url)
    if (status === OUTDATED) return null
    expect(status, url).toBe(200)
    expect(headers['content-type'], url).toMatch(/javascript/)
    seen.set(url, text)
    for (const [, from, bare] of text.matchAll(IMPORT)) {
      const { pathname, search } = new URL(from ?? bare ?? '', `http://page${url}`)
      queue.push(pathname + search)
    }
  }
  return seen
}

test('the page loads with all of its modules', async () => {
  let seen = await loadModules()
  const loaded = async () => {
    seen = await loadModules()
    return seen !== null
  }
  expect(await until(loaded, { deadlineMs: 30_000 })).toBe(true)
  const modules = seen ?? new Map<string, string>()
  const urls = [...modules.keys()]
  for (const part of [
    '/src/main.tsx',
    '/src/index.css',
    '/packages/shared/src/',
    '/_generated/api',
    '/react',
    '/@vite/client',
    '/@react-refresh',
  ]) {
    expect(
      urls.filter((url) => url.includes(part)),
      part,
    ).not.toEqual([])
  }
  expect(modules.get('/src/index.css')).toContain('__vite__css')
  expect((await ask('/icon.svg')).text).toContain('<svg')
  expect((await ask('/')).headers['x-frame-options']).toBe('SAMEORIGIN')
})

test.each(HOSTILE)(
  'the target %j with the host %j is refused, as an upgrade too, and it lives on',
  async (target, host) => {
    for (const more of [['Connection: close'], UPGRADE, [...UPGRADE, 'Sec-WebSocket-Protocol: vite-hmr']]) {
      const status = statusOf(await rawRequest(server.port, requestText(target, host, more)))
      expect([400, 403], more.join()).toContain(status)
    }
    expect((await ask('/')).status).toBe(200)
  },
)

test('an error of who asks is not told as one of the page, and one of the page is', async () => {
  const targets = ['/@id/react/]?v=1', '/src/main.tsx?x=0.1', '/src/main.tsx?t=.css']
  for (const target of targets) {
    const { status, text } = await ask(target)
    expect([target, status]).toEqual([target, 404])
    expect(text).not.toContain(checkout.root)
  }
  writeFileSync(inCheckout('apps/desktop/src/broken.ts'), 'export const = 1\n')
  for (const target of ['/src/broken.ts', '/src/broken.ts?t=1700000000000', '/src/broken.ts?import']) {
    const { status, text } = await ask(target)
    expect([target, status]).toEqual([target, 500])
    expect(text).toContain('src/broken.ts')
  }
})

test.each(['bytes=5-1', 'bytes=-', 'bytes=x-', 'lines=0-1', 'bytes=0-0,0-0'])('the range %s is none', async (range) => {
  expect(await ask('/icon.svg', { range })).toMatchObject({ status: 200, text: expect.stringContaining('</svg>') })
  expect(await ask('/icon.svg', { range: 'bytes=0-3' })).toMatchObject({ status: 206, text: '<svg' })
})

test.skipIf(process.platform !== 'linux')('a file whose reader leaves is let go of', async () => {
  const file = inCheckout('apps/desktop/public/large.bin')
  writeFileSync(file, Buffer.alloc(8 * 1024 * 1024))
  const folder = `/proc/${server.pid}/fd`
  const isOpen = (name: string) => {
    try {
      return readlinkSync(path.join(folder, name)) === file
    } catch {
      return false
    }
  }
  const open = () => readdirSync(folder).filter(isOpen).length
  const served = await until(
    async () => (await ask('/large.bin')).headers['content-length'] === String(8 * 1024 * 1024),
    {
      deadlineMs: 10_000,
    },
  )
  expect(served).toBe(true)
  const leave = async () =>
    await new Promise<void>((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port: server.port, path: '/large.bin', agent: false }, (response) => {
        response.once('data', () => request.destroy()).once('close', resolve)
        response.on('error', () => {})
      })
      request.on('error', reject)
    })
  for (let time = 0; time < 5; time += 1) await leave()
  expect(await until(async () => open() === 0, { deadlineMs: 5_000, intervalMs: 50 })).toBe(true)
})

test('nor does the server of the built page', async () => {
  expect(await vite(checkout.root, ['build', '--logLevel', 'error'])).toBe(0)
  const preview = await PageServer.start(checkout.root, ['preview'])
  try {
    const targets = [...PRIVATE, ...LINKED].flatMap(spellings)
    expect(await leaks(targets, {}, preview.port)).toEqual([])
    const html = (await ask('/', {}, preview.port)).text
    const script = /src="([^"]+)"/.exec(html)?.[1] ?? ''
    expect((await ask(script, {}, preview.port)).status).toBe(200)
    for (const [target, host] of HOSTILE) {
      for (const more of [['Connection: close'], UPGRADE]) {
        expect([400, 403]).toContain(statusOf(await rawRequest(preview.port, requestText(target, host, more))))
      }
    }
    expect(preview.isRunning).toBe(true)
  } finally {
    await preview.stop()
  }
})
