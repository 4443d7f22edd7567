import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { verifyAdminKey } from '@nebula/stack/secrets/adminKey'
import { expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../../../tests/lib/freePorts.ts'
import { temporaryFolder } from './harness/temporaryFolder.ts'

const SOURCES = fileURLToPath(new URL('../src/image', import.meta.url))
const SCRIPTS = fileURLToPath(new URL('../image', import.meta.url))
const SECRET = 'cd'.repeat(32)
const NAMES = ['--instance-name', 'shaped', '--instance-secret', SECRET]

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

/** Starts a program, and says when it has printed something and how it ended. */
function start(argv: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const [program = '', ...args] = argv
  const child = spawn(program, args, { cwd: options.cwd, env: { PATH: process.env.PATH, ...options.env } })
  let output = ''
  const ended = (async (): Promise<Ended> => {
    const [code, signal] = await once(child, 'close')
    return { code, signal, output }
  })()
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => output.includes(text) && resolve()
      for (const stream of [child.stdout, child.stderr]) stream.on('data', look)
      void ended.then(() => reject(new Error(output)))
      look()
    })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += String(chunk)
    })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, ended, said }
}

const backend = (...args: readonly string[]) => [
  process.execPath,
  path.join(SOURCES, 'convex-local-backend.ts'),
  ...args,
]

async function folder(): Promise<string> {
  const made = await temporaryFolder()
  return made
}

test.each([
  [['--no-such-flag'], /Unknown option '--no-such-flag'/],
  [['a.sqlite3', 'b.sqlite3'], /unexpected argument 'b\.sqlite3'/],
  [['--port', 'x'], /--port/],
  [['--instance-name', 'n'], /--instance-secret is required/],
  [[...NAMES, '--convex-origin', 'http://127.0.0.1:3210'], /--convex-origin needs --convex-site/],
  [[...NAMES, '--db', 'postgres-v5'], /--db the stand-in keeps its data in SQLite only/],
  [[...NAMES, '--s3-storage'], /--s3-storage the stand-in stores files in a folder only/],
])('the command line %j is refused with what is wrong', async (args, message) => {
  const { code, output } = await start(backend(...args)).ended
  expect(code, output).toBe(2)
  expect(output).toMatch(message)
  expect(output).not.toContain(SECRET)
})

test('the published script starts it by relative paths, and SIGINT alone ends it in order', async () => {
  const root = await folder()
  const data = path.join(root, 'data')
  // As the init container leaves them: copies in a folder of their own.
  for (const script of await readdir(SCRIPTS)) {
    const text = await readFile(path.join(SCRIPTS, script), 'utf8')
    await writeFile(path.join(root, script), text)
    await chmod(path.join(root, script), 0o755)
  }
  const [api = 0, site = 0] = await freePorts(2)
  const shim = (file: string, more = '') =>
    `#!/bin/bash\nexec '${process.execPath}' '${path.join(SOURCES, file)}' "$@" ${more}\n`
  // The script's ports are the container's; here they have to be free.
  const free = `--interface 127.0.0.1 --port ${api} --site-proxy-port ${site}`
  await writeFile(path.join(root, 'convex-local-backend'), shim('convex-local-backend.ts', free), { mode: 0o755 })
  await writeFile(path.join(root, 'generate_key'), shim('generate-key.ts'), { mode: 0o755 })

  const env = {
    DATA_DIR: data,
    INSTANCE_NAME: 'shaped',
    CONVEX_CLOUD_ORIGIN: `http://127.0.0.1:${api}`,
    CONVEX_SITE_ORIGIN: `http://127.0.0.1:${site}`,
    DISABLE_BEACON: 'false',
  }
  const server = start(['./run_backend.sh'], { cwd: root, env })
  await server.said('API on')
  expect(await (await fetch(`http://127.0.0.1:${api}/instance_name`)).text()).toBe('shaped')
  expect((await readdir(data)).sort()).toEqual(expect.arrayContaining(['credentials', 'storage', 'tmp']))
  expect(await readdir(path.join(data, 'tmp'))).toHaveLength(1)

  // Made up at the first start, and remembered.
  const instanceSecret = (await readFile(path.join(data, 'credentials/instance_secret'), 'utf8')).trim()
  const key = await start(['./generate_admin_key.sh'], { cwd: root, env: { DATA_DIR: data } }).ended
  expect(verifyAdminKey(key.output.trim(), { instanceName: 'shaped', instanceSecret })).toBe(true)

  server.child.kill('SIGINT')
  const { code, output } = await server.ended
  expect(code, output).toBe(0)
  expect(output).toContain('Stopped')
  expect(await readdir(path.join(data, 'tmp'))).toEqual([])
})

test('SIGTERM is not its to hear: outside of a container it just ends it', async () => {
  const root = await folder()
  await mkdir(path.join(root, 'tmp'))
  const ports = ['--interface', '127.0.0.1', '--port', '0', '--site-proxy-port', '0']
  const server = start(backend(...NAMES, ...ports, path.join(root, 'db.sqlite3')), {
    env: { TMPDIR: path.join(root, 'tmp') },
  })
  await server.said('API on')
  server.child.kill('SIGTERM')
  expect(await server.ended).toMatchObject({ code: null, signal: 'SIGTERM' })
})

test('it does not start without a folder for temporary files', async () => {
  const root = await folder()
  const server = start(backend(...NAMES, '--port', '0', path.join(root, 'db.sqlite3')), {
    env: { TMPDIR: path.join(root, 'missing') },
  })
  expect((await server.ended).code).toBe(1)
})

test('the dashboard listens on HOSTNAME and PORT, as the published server does', async () => {
  const [port = 0] = await freePorts(1)
  const env = { HOSTNAME: '127.0.0.1', PORT: String(port), NEXT_PUBLIC_DEPLOYMENT_URL: 'http://127.0.0.1:3210' }
  const server = start([process.execPath, path.join(SOURCES, 'server.ts')], { env })
  await server.said(String(port))
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200)
  const elsewhere = start([process.execPath, path.join(SOURCES, 'server.ts')], {
    env: { ...env, HOSTNAME: '192.0.2.1' },
  })
  expect((await elsewhere.ended).code).not.toBe(0)
  server.child.kill('SIGTERM')
  expect((await server.ended).code).toBe(0)
})
