import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { ownerMark } from '../../src/embedded/state/embeddedStack.ts'
import { writeState } from '../../src/embedded/state/supervisorState.ts'
import { SupervisorLink } from '../../src/embedded/supervisorLink.ts'
import { identifyProcess, isSameProcess, type ProcessIdentity } from '../../src/system/processes.ts'
import { until } from '../../src/system/until.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nebula-stack-'))
  mkdirSync(path.join(root, 'scripts'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function supervise(script: string): void {
  writeFileSync(path.join(root, 'scripts/supervise.ts'), script)
}

test('a supervisor that ends at once is reported with what it said', async () => {
  supervise("console.error('no such planet'); process.exit(1)")
  await expect(new SupervisorLink(root).start({})).rejects.toThrow(/the supervisor ended.*no such planet/s)
})

test('a supervisor that never gets ready is not left behind', async () => {
  supervise('setInterval(() => {}, 1000)')
  const error = await new SupervisorLink(root).start({}, 200).catch((error: Error) => error)
  const [, pid] = /\(pid (\d+)\) did not start within 0.2 s, and was ended/.exec(error?.message ?? '') ?? []
  const isGone = async () => (await identifyProcess(Number(pid))) === null
  expect(pid).toBeDefined()
  expect(await until(isGone, { deadlineMs: 5_000, intervalMs: 20 })).toBe(true)
})

/** A process that runs until the test is over. */
async function bystander(env: Record<string, string>): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'waits.mjs')], {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const identity = await identifyProcess(child.pid ?? 0)
  if (!identity) throw new Error('the process is gone already')
  return identity
}

/** What a supervisor that is gone wrote of a service. */
function leave(service: ProcessIdentity): void {
  const supervisor = { pid: 2 ** 22 - 1, startTime: 'long ago' }
  writeState(root, {
    supervisor,
    definition: '',
    retries: 0,
    services: [{ id: 'web', state: 'healthy', process: service }],
  })
}

test('ends what a killed supervisor left, once', async () => {
  const service = await bystander(Object.fromEntries([ownerMark(root)]))
  leave(service)
  const link = new SupervisorLink(root)
  expect(await link.look()).toMatchObject({ kind: 'abandoned', orphans: [{ id: 'web', process: service }] })
  expect(await link.end(1_000)).toBe(true)
  expect(await isSameProcess(service)).toBe(false)
  expect(await link.look()).toEqual({ kind: 'nothing' })
  expect(await link.end(1_000)).toBe(false)
})

test.runIf(process.platform === 'linux')('a state that names a process of somebody else does it no harm', async () => {
  const stranger = await bystander(Object.fromEntries([ownerMark('/another/checkout')]))
  leave(stranger)
  const link = new SupervisorLink(root)
  expect(await link.look()).toMatchObject({ kind: 'abandoned', orphans: [] })
  expect(await link.end(1_000)).toBe(false)
  expect(await isSameProcess(stranger)).toBe(true)
})

test('finds a supervisor without its state, and what it does once that is written again', async () => {
  supervise("console.log('running'); setInterval(() => {}, 1000)")
  const child = spawn(process.execPath, [path.join(root, 'scripts/supervise.ts')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const supervisor = await identifyProcess(child.pid ?? 0)
  const link = new SupervisorLink(root)
  const found = await link.look()
  expect(found).toEqual({ kind: 'unwritten', supervisor })
  if (found.kind !== 'unwritten') return
  const written = link.written(found)
  writeState(root, { supervisor: found.supervisor, definition: 'd', retries: 0, services: [] })
  expect(await written).toMatchObject({ kind: 'supervised', state: { definition: 'd' } })
})
