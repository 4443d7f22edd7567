import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { listenersByLsof } from '../../src/system/ports/lsof.ts'
import {
  describeHolder,
  freePortCommand,
  holderOfPort,
  holdersOfPorts,
  isPortFree,
} from '../../src/system/ports/ports.ts'
import { fakeTools } from '../cluster/fakeTools.ts'
import { freePort, listen, silentServer } from '../servers.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

/** A process that listens on a port of its own, in a folder of its own. */
async function listeningProcess() {
  const cwd = await temporaryFolder()
  const script = `require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  // A short name: of a long command line only the beginning is shown.
  const child = spawn(process.execPath, ['-e', script], { argv0: 'node', cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const [output] = await once(child.stdout, 'data')
  return { pid: child.pid ?? 0, port: Number(output), cwd }
}

test('a port is free until somebody listens on it, on whatever address', async () => {
  expect(await isPortFree(await freePort())).toBe(true)
  expect(await isPortFree(await silentServer())).toBe(false)
  expect(await isPortFree(await listen(createServer(), '0.0.0.0'))).toBe(false)
})

test('asking whether a port is free leaves it free', async () => {
  const port = await freePort()
  expect([await isPortFree(port), await isPortFree(port)]).toEqual([true, true])
})

test('names the process that holds a port: pid, command and folder', async () => {
  const { pid, port, cwd } = await listeningProcess()
  const holder = await holderOfPort(port)
  expect(holder).toMatchObject({ pid, cwd, command: expect.stringContaining('createServer') })
  expect(holder && describeHolder(holder)).toMatch(new RegExp(`\\(pid ${pid}, in ${cwd}\\)$`))
  expect(holder && freePortCommand(holder, port)).toBe(`kill ${pid}`)
})

test('looks at several ports at once and leaves out the free ones', async () => {
  const [free, mine, other] = [await freePort(), await silentServer(), await listeningProcess()]
  const holders = await holdersOfPorts([free, mine, other.port])
  expect([...holders].map(([port, { pid }]) => [port, pid])).toEqual([
    [mine, process.pid],
    [other.port, other.pid],
  ])
})

test('nobody holds a free port', async () => {
  expect(await holderOfPort(await freePort())).toBeNull()
})

test('finds the same holder through lsof, as on macOS', async () => {
  const { pid, port, cwd } = await listeningProcess()
  const found = await listenersByLsof([port, await freePort()])
  expect([...found]).toEqual([[port, { pid, cwd, command: expect.stringContaining('createServer') }]])
})

test('finds nothing without lsof', async () => {
  vi.stubEnv('PATH', '/nowhere')
  onTestFinished(() => void vi.unstubAllEnvs())
  expect((await listenersByLsof([80])).size).toBe(0)
})

test('names the container behind a port of Docker', async () => {
  // The name that Docker's own proxy has in the list of processes.
  const script = `process.title = 'docker-proxy'; require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const child = spawn(process.execPath, ['-e', script, 'docker-proxy'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const port = Number((await once(child.stdout, 'data'))[0])
  const row = (Names: string, Ports: string) => JSON.stringify({ Names, Ports })
  const rows = [
    row('other', '0.0.0.0:1->80/tcp'),
    row('db', `127.0.0.1:9->9/tcp, 0.0.0.0:${port - 1}-${port + 1}->1-3/tcp, :::${port}->1/tcp`),
    row('none', ''),
  ]
  fakeTools([{ when: /^docker ps/, stdout: `${rows.join('\n')}\n` }])
  const holder = await holderOfPort(port)
  expect(holder).toMatchObject({ pid: child.pid, container: 'db' })
  expect(holder && describeHolder(holder)).toBe('the container db')
  expect(holder && freePortCommand(holder, port)).toBe('docker stop db')
})

test('still names the process of a Docker port when Docker does not answer', async () => {
  const script = `require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const child = spawn(process.execPath, ['-e', script, 'docker-proxy'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const port = Number((await once(child.stdout, 'data'))[0])
  fakeTools([{ when: /^docker ps/, exitCode: 1 }])
  const holder = await holderOfPort(port)
  expect(holder).toMatchObject({ pid: child.pid })
  expect(holder).not.toHaveProperty('container')
})

test('says what is known of a holder that belongs to somebody else', () => {
  expect(describeHolder({ unknown: true, user: 'postgres' })).toBe('a process of the user postgres')
  expect(describeHolder({ unknown: true })).toBe('another process')
  expect(freePortCommand({ unknown: true }, 5432)).toBe('sudo lsof -nP -iTCP:5432 -sTCP:LISTEN')
})

// Only root can become somebody else, and this needs two users.
test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'tells whose process it is when it may not see more',
  async () => {
    const port = await silentServer()
    const script = `import('${new URL('../../src/system/ports/ports.ts', import.meta.url)}').then(async (m) => console.log(JSON.stringify(await m.holderOfPort(${port}))))`
    const child = spawn(process.execPath, ['-e', script], {
      uid: 65534,
      gid: 65534,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [output] = await once(child.stdout, 'data')
    expect(JSON.parse(String(output))).toEqual({ unknown: true, user: 'root' })
  },
)
