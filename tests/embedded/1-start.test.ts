import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { embedded, isAlive, localPort, pids, root, statusOf, succeed } from './setup.ts'

/** As in /proc/net/tcp. */
const LISTEN = '0A'
const LOOPBACK = ['0100007F', '00000000000000000000000001000000', '0000000000000000FFFF00000100007F']

function socketInodes(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const target = readlinkSync(`/proc/${pid}/fd/${fd}`)
    return /^socket:\[(\d+)\]$/.exec(target)?.slice(1) ?? []
  })
}

test('a taken port is named with its holder before anything starts', async () => {
  const port = localPort('temporal-ui', 'ui')
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  try {
    const up = await embedded(['up'])
    expect(up.exitCode, up.output).toBe(3)
    expect(up.stderr).toContain(`port ${port}`)
    expect(up.stderr).toContain(`pid ${process.pid}`)
    expect(existsSync(path.join(root, '.nebula/embedded/state.json'))).toBe(false)
  } finally {
    server.close()
  }
})

test('up starts everything, says how it runs and where to open it', async () => {
  const up = await succeed(['up'])
  expect(up.stderr).toContain('embedded mode: asked for')
  expect(up.stderr).toMatch(/temporal \d+\.\d+\.\d+ from /)
  expect(up.stdout).toContain(`http://localhost:${localPort('temporal-ui', 'ui')}`)
  expect(up.stdout).toContain('stand-in: convex-embedded')
})

test('status names programs and stand-ins, and says nothing of what this mode does not run', async () => {
  const text = (await succeed(['status'])).stdout
  expect(text).toContain('stand-in: convex-embedded')
  expect(text).not.toContain('PostgreSQL')
  expect((await statusOf('temporal')).program).toMatch(/^\d+\.\d+\.\d+ from /)
  const { ok, mode } = JSON.parse((await succeed(['status', '--json'])).stdout)
  expect({ ok, mode }).toEqual({ ok: true, mode: 'embedded' })
})

test('verify takes one real run through all of it', async () => {
  const { ok, checks } = JSON.parse((await succeed(['verify', '--json'])).stdout)
  expect(ok).toBe(true)
  expect(checks.map((check: { name: string }) => check.name)).toContain('A run from start to end')
})

test('a second up leaves everything as it is', async () => {
  const before = pids()
  const up = await succeed(['up'])
  expect(up.stderr).toContain('was running')
  expect(pids()).toEqual(before)
})

test('an up after a change of the description says that it does not count yet', async () => {
  const file = path.join(root, 'infra/stack.yaml')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('usualStartMs: 12000', 'usualStartMs: 13000'))
  try {
    const up = await succeed(['up'])
    expect(up.stderr).toContain('infra/stack.yaml has changed since the stack was started')
    expect(up.stderr).toContain('npm run down')
  } finally {
    writeFileSync(file, text)
  }
  expect((await succeed(['up'])).stderr).not.toContain('has changed')
})

test('without a mode, commands find the one that runs', async () => {
  const env = { NEBULA_MODE: undefined }
  expect(JSON.parse((await succeed(['status', '--json'], { env })).stdout)).toMatchObject({ mode: 'embedded' })
  expect((await succeed(['up'], { env })).stderr).toContain('embedded mode: it runs already')
})

test('nothing listens beyond this machine', async () => {
  const { supervisor, services } = pids()
  const ours = new Set([supervisor, ...Object.values(services)].flatMap(socketInodes))
  const listening = ['tcp', 'tcp6']
    .flatMap((family) => readFileSync(`/proc/net/${family}`, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN && ours.has(fields[9] ?? ''))
    .map((fields) => fields[1]?.split(':')[0] ?? '')
  expect(listening.length).toBeGreaterThan(5)
  expect(listening.filter((address) => !LOOPBACK.includes(address))).toEqual([])
})

test('logs shows what services said, each line with its name', async () => {
  const logs = await succeed(['logs', 'nebula-worker', 'convex-backend', '--tail', '20'])
  expect(logs.stdout).toMatch(/^nebula-worker {2}│ /m)
  expect(logs.stdout).toMatch(/^convex-backend │ /m)
  expect((await embedded(['logs', 'postgres'])).exitCode).toBe(2)
})

test('down ends everything, from another terminal than the one that typed up', async () => {
  const { supervisor, services } = pids()
  await succeed(['down'])
  expect([supervisor, ...Object.values(services)].filter(isAlive)).toEqual([])
  expect((await statusOf('temporal')).state).toBe('stopped')
  expect(existsSync(path.join(root, '.nebula/lock'))).toBe(false)
})

test('two ups at once: one works, the other names it', async () => {
  const [first, second] = await Promise.all([embedded(['up']), embedded(['up'])])
  const codes = [first.exitCode, second.exitCode].sort()
  expect(codes, `${first.output}\n${second.output}`).toEqual([0, 3])
  expect(first.exitCode === 3 ? first.stderr : second.stderr).toMatch(/`up` is at work in this checkout \(pid \d+/)
  await succeed(['down'])
})

test('Ctrl-C while it starts ends what it had started', async () => {
  let kill: (signal: NodeJS.Signals) => void = () => {}
  let sent = false
  const up = await embedded(['up'], {
    onStart: (process) => {
      kill = process.kill
    },
    onOutput: (chunk) => {
      if (!sent && chunk.includes('Temporal: starting')) {
        sent = true
        kill('SIGINT')
      }
    },
  })
  expect(up.exitCode, up.output).toBe(130)
  expect((await statusOf('temporal')).state).toBe('stopped')
})

test('up --attach shows what services say, and Ctrl-C ends them', async () => {
  let end: (signal: NodeJS.Signals) => void = () => {}
  let seen = ''
  let supervisor = 0
  const up = await embedded(['up', '--attach'], {
    onStart: (process) => {
      end = process.kill
    },
    onOutput: (chunk) => {
      seen += chunk
      if (supervisor === 0 && seen.includes('Ready in')) {
        supervisor = pids().supervisor
        void embedded(['verify'])
      }
      if (/^nebula-worker +│ /m.test(seen)) end('SIGINT')
    },
  })
  expect(up.exitCode, up.output).toBe(130)
  expect(up.output).toMatch(/^nebula-worker +│ /m)
  expect(isAlive(supervisor)).toBe(false)
})
