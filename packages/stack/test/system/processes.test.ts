import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { identifyProcess, isSameProcess, type ProcessIdentity, terminate } from '../../src/system/processes.ts'
import { until } from '../../src/system/until.ts'

/** Runs a script in a group of its own; ready when it has printed something. */
async function run(
  script: string,
  env: Record<string, string> = {},
): Promise<{ child: ChildProcess; identity: ProcessIdentity; output: string }> {
  const child = spawn(process.execPath, ['-e', script], {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = child.pid ?? 0
  onTestFinished(() => {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // Nobody of the group is left, as it should be.
    }
  })
  const [output] = await once(child.stdout, 'data')
  const identity = await identifyProcess(pid)
  if (!identity) throw new Error('the process is gone already')
  return { child, identity, output: String(output).trim() }
}

const waiting = `setInterval(() => {}, 1000); console.log('ready')`
const stubborn = `process.on('SIGTERM', () => {}); process.on('SIGINT', () => {}); ${waiting}`
/** Prints the pid of a child in its group that ignores SIGTERM. */
const withChild = `
  const child = require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}], { stdio: ['ignore', 'pipe', 'ignore'] })
  child.stdout.once('data', () => console.log(child.pid))`

async function ends(identity: ProcessIdentity): Promise<boolean> {
  return await until(async () => !(await isSameProcess(identity)), { deadlineMs: 5_000, intervalMs: 20 })
}

test('a process is the same as long as it runs', async () => {
  const { identity, child } = await run(waiting)
  expect(await isSameProcess(identity)).toBe(true)
  expect(await identifyProcess(identity.pid)).toEqual(identity)
  child.kill('SIGKILL')
  expect(await ends(identity)).toBe(true)
  expect(await identifyProcess(identity.pid)).toBeNull()
})

test('another process with the same pid is another process', async () => {
  const { identity } = await run(waiting)
  expect(await isSameProcess({ ...identity, startTime: 'earlier' })).toBe(false)
})

test('never touches another process that has the pid by now', async () => {
  const { identity } = await run(waiting)
  for (const group of [undefined, 'at-once', 'leader-first'] as const) {
    expect(
      await terminate(
        { ...identity, startTime: 'earlier' },
        { signal: 'SIGTERM', graceMs: 1_000, ...(group && { group }) },
      ),
    ).toBe('was-gone')
  }
  expect(await isSameProcess(identity)).toBe(true)
})

test('a process whose name holds spaces and parentheses is told apart as well', async () => {
  const { identity } = await run(`process.title = 'a ) R 1 1 (b'; ${waiting}`)
  expect(await isSameProcess(identity)).toBe(true)
})

test('ends a process that listens to the signal', async () => {
  const { identity, child } = await run(`process.on('SIGINT', () => process.exit(7)); ${waiting}`)
  expect(await terminate(identity, { signal: 'SIGINT', graceMs: 5_000 })).toBe('ended')
  await until(async () => child.exitCode !== null, { deadlineMs: 5_000 })
  expect(child.exitCode).toBe(7)
  expect(await terminate(identity, { signal: 'SIGINT', graceMs: 5_000 })).toBe('was-gone')
})

test('kills a process that does not', async () => {
  const { identity } = await run(stubborn)
  expect(await terminate(identity, { signal: 'SIGTERM', graceMs: 100 })).toBe('killed')
  expect(await isSameProcess(identity)).toBe(false)
})

test('ends a whole group, with the children that do not listen', async () => {
  const { identity, output } = await run(withChild)
  const child = await identifyProcess(Number(output))
  expect(child).not.toBeNull()
  expect(await terminate(identity, { signal: 'SIGTERM', graceMs: 200, group: 'at-once' })).toBe('killed')
  expect(child && (await ends(child))).toBe(true)
})

test('asks the leader first, which still needs its children, then those', async () => {
  const child = "process.on('SIGTERM', () => process.exit(5)); console.log('listening'); setInterval(() => {}, 1000)"
  const { identity, child: leader } = await run(`
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}])
    child.stdout.once('data', () => console.log(child.pid))
    process.on('SIGTERM', () => setTimeout(() => process.exit(child.exitCode === null ? 0 : 1), 300))
    setInterval(() => {}, 1000)`)
  expect(await terminate(identity, { signal: 'SIGTERM', graceMs: 5_000, group: 'leader-first' })).toBe('ended')
  await until(async () => leader.exitCode !== null, { deadlineMs: 5_000 })
  expect(leader.exitCode).toBe(0)
})

test.for(['at-once', 'leader-first'] as const)(
  'ends what is left of a group whose leader was killed: %s',
  async (group) => {
    const { identity, output, child: leader } = await run(withChild)
    const child = await identifyProcess(Number(output))
    leader.kill('SIGKILL')
    expect(await ends(identity)).toBe(true)
    expect(child && (await isSameProcess(child))).toBe(true)
    expect(await terminate(identity, { signal: 'SIGTERM', graceMs: 100, group })).toBe('killed')
    expect(child && (await ends(child))).toBe(true)
  },
)

const GROUPS = ['at-once', 'leader-first'] as const

test.runIf(process.platform === 'linux').for([undefined, ...GROUPS])(
  'leaves a process alone that does not carry the mark of the one meant: group %s',
  async (group) => {
    const { identity } = await run(waiting, { OWNER: 'somebody' })
    const options = { signal: 'SIGTERM', graceMs: 5_000, ...(group ? { group } : {}) } as const
    expect(await terminate(identity, { ...options, mark: ['OWNER', 'some'] })).toBe('was-gone')
    expect(await isSameProcess(identity)).toBe(true)
    expect(await terminate(identity, { ...options, mark: ['OWNER', 'somebody'] })).toBe('ended')
  },
)

test.runIf(process.platform === 'linux').for(GROUPS)(
  'leaves what remains of a group alone when none of it carries the mark: %s',
  async (group) => {
    const { identity, output, child: leader } = await run(withChild, { OWNER: 'somebody' })
    const child = await identifyProcess(Number(output))
    leader.kill('SIGKILL')
    expect(await ends(identity)).toBe(true)
    const options = { signal: 'SIGTERM', graceMs: 100, group } as const
    expect(await terminate(identity, { ...options, mark: ['OWNER', 'nobody'] })).toBe('was-gone')
    expect(child && (await isSameProcess(child))).toBe(true)
    expect(await terminate(identity, { ...options, mark: ['OWNER', 'somebody'] })).toBe('killed')
  },
)
