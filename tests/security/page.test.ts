import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { STACK_FILE } from '@nebula/stack/checkout/root'
import { afterAll } from 'vitest'
import { freePorts } from '../lib/freePorts.ts'
import { copyInstalledCheckout } from '../lib/pageServer.ts'
import { fuzzHttp } from './lib/httpTarget.ts'
import { requestOf } from './lib/requests.ts'
import type { Program } from './lib/serverProcess.ts'

const MARKER = `not-for-the-page-${'0123456789abcdef'.repeat(3)}`
const CONVEX_PORT = 3210
const checkout = copyInstalledCheckout()
const convex = createServer((request, response) => request.on('error', () => {}).pipe(response))
afterAll(() => {
  convex.close().closeAllConnections()
  checkout.remove()
})

const inCheckout = (file: string) => path.join(checkout.root, file)
const secretFile = inCheckout('.nebula/secrets.json')

/** Vite as the stack starts it, beside a stack of which only Convex is there, on a port that is nobody's. */
async function program(): Promise<Program> {
  const [port = 0, convexPort = 0, nobodys = 0] = await freePorts(3)
  await new Promise<void>((resolve) => convex.listen(convexPort, '127.0.0.1', resolve))
  let others = nobodys
  const stack = readFileSync(inCheckout(STACK_FILE), 'utf8').replaceAll(
    /(localPort|forwardPort): (\d+)/g,
    (_, name, was) => {
      others = others > 1_100 ? others - 1 : 60_000
      return `${name}: ${Number(was) === CONVEX_PORT ? convexPort : others}`
    },
  )
  writeFileSync(inCheckout(STACK_FILE), stack)
  for (const file of [secretFile, inCheckout('.env'), inCheckout('apps/desktop/src/copy.sqlite')]) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, `{ "convexAdminKey": "${MARKER}" }\n`)
  }
  symlinkSync(secretFile, inCheckout('apps/desktop/src/link.json'))
  return {
    file: 'node_modules/vite/bin/vite.js',
    cwd: inCheckout('apps/desktop'),
    env: { PORT: String(port), HOME: checkout.root },
    ports: (said) => (/127\.0\.0\.1:\d+/.test(said) ? [port] : null),
  }
}

const get = (path: string, query: Readonly<Record<string, string>> = {}) => ({ method: 'GET', path, query })

fuzzHttp('page', {
  program,
  routes: [
    { method: 'GET', path: '/', headers: ['Accept: text/html'] },
    get('/src/main.tsx'),
    get('/src/index.css', { import: '' }),
    get('/src/link.json', { raw: '' }),
    get('/icon.svg', { url: '' }),
    get('/@vite/client'),
    get('/@react-refresh'),
    get('/@id/react', { v: '1' }),
    get('/@id/__x00__plugin-vue:export-helper'),
    get(`/@fs${inCheckout('packages/shared/src/index.ts')}`),
    get(`/@fs${secretFile}`, { raw: '', import: '' }),
    get('/node_modules/.vite/deps/react.js', { v: '1' }),
    get('/_stack/services'),
    { method: 'POST', path: '/_stack/convex/api/query', body: { path: 'runs:list', args: {} } },
  ],
  secrets: [MARKER],
  corpus: [
    requestOf('GET /@id/react/]?v=1'),
    requestOf('GET /src/main.tsx?x=0.1'),
    requestOf('GET /icon.svg', 'Range: bytes=5-1'),
  ],
  // What Vite says of a bundle of another time, without a word.
  fine: [504],
  good: '/icon.svg',
})
