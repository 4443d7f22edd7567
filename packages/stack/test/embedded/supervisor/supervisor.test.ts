import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { STATE_FILE } from '../../../src/checkout/paths.ts'
import { identifyProcess, isSameProcess } from '../../../src/system/processes.ts'
import { EmbeddedFixture } from '../fixture.ts'

const isHealthy = ({ state }: { state: string }) => state === 'healthy'
const isFailed = ({ state }: { state: string }) => state === 'failed'
const isCompleted = ({ state }: { state: string }) => state === 'completed'

test('services start when what they need is there, and end in the reverse order', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([
    {
      id: 'page',
      kind: 'server',
      needs: '[{ id: server, until: healthy }, { id: setup, until: completed }]',
      program: 'traced',
    },
    { id: 'server', kind: 'server', program: 'traced' },
    {
      id: 'setup',
      kind: 'job',
      needs: '[{ id: server, until: healthy }]',
      program: 'tracedJob',
    },
  ])
  await stack.until('page', isHealthy)
  await stack.until('setup', isCompleted)
  await stack.stop()
  const trail = readFileSync(path.join(stack.root, 'trace'), 'utf8').trim().split('\n')
  expect(trail).toEqual(['server serving', 'setup done', 'page serving', 'page ending', 'server ending'])
  expect(existsSync(path.join(stack.root, STATE_FILE))).toBe(false)
})

test('a server that ends is started again, and it is said how often and why', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([{ id: 'server', kind: 'server', program: 'healthy' }])
  const before = await stack.until('server', isHealthy)
  process.kill(before.process?.pid ?? 0, 'SIGKILL')
  const during = await stack.until('server', ({ restarts = 0 }) => restarts === 1)
  expect(during.reason ?? '').toMatch(/was ended by SIGKILL.*; starting again in 0\.5 s/)
  const after = await stack.until('server', (status) => isHealthy(status) && status.restarts === 1)
  expect(after.process?.pid).not.toBe(before.process?.pid)
  expect(after.reason).toBeUndefined()
  expect(stack.output('server')).toMatch(/── was ended by SIGKILL: starting again in 0.5 s/)
})

test('a server that never gets healthy is given up after three starts, with its last words; a change of its sources helps', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([{ id: 'server', kind: 'server', watch: true, program: 'throws' }])
  const failed = await stack.until('server', isFailed)
  expect(failed.reason).toBe('programs/server.mjs:1:7: TypeError: no such luck')
  expect(stack.output('server').match(/── started/g)).toHaveLength(3)
  stack.program('server', 'healthy')
  await stack.until('server', isHealthy)
})

test('what was given up is tried again when somebody asks for it; what works is left alone', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([
    { id: 'good', kind: 'server', program: 'healthy' },
    {
      id: 'bad',
      kind: 'server',
      program: 'exitsUntilReady',
    },
    {
      id: 'job',
      kind: 'job',
      program: 'jobUntilReady',
    },
  ])
  const good = await stack.until('good', isHealthy)
  expect((await stack.until('bad', isFailed)).reason).toBe('exited with code 3')
  expect((await stack.until('job', isFailed)).reason).toBe('exited with code 4')
  stack.write('ready', '')
  stack.retry()
  await stack.until('bad', isHealthy)
  await stack.until('job', isCompleted)
  expect((await stack.until('good', isHealthy)).process).toEqual(good.process)
})

test('a server starts anew when its sources change', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([{ id: 'server', kind: 'server', watch: true, program: 'healthy' }])
  const before = await stack.until('server', isHealthy)
  stack.program('server', 'healthyAnew')
  await stack.until('server', (status) => isHealthy(status) && stack.output('server').includes('something new'))
  const after = await stack.until('server', isHealthy)
  expect(after.process?.pid).not.toBe(before.process?.pid)
  // A change is no crash.
  expect(after.restarts).toBeUndefined()
  expect(stack.output('server')).toContain('ending')
})

test('a job that fails holds back what needs it, and runs again when its sources change', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([
    { id: 'job', kind: 'job', watch: true, program: 'failingJob' },
    { id: 'server', kind: 'server', needs: '[{ id: job, until: completed }]', program: 'healthy' },
  ])
  expect((await stack.until('job', isFailed)).reason).toBe('exited with code 1: Error: not today')
  expect(await stack.until('server', ({ state }) => state === 'waiting')).toMatchObject({ reason: 'for job' })
  stack.program('job', 'job')
  await stack.until('job', isCompleted)
  await stack.until('server', isHealthy)
})

test('a server that is late is said to be, and is healthy when it gets there', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([{ id: 'server', kind: 'server', deadlineMs: 300, program: 'late' }])
  const status = await stack.until('server', ({ reason = '' }) => reason.startsWith('not ready after'))
  expect(status).toMatchObject({ state: 'starting', reason: expect.stringMatching(/^not ready after 0 s: ./) })
  stack.write('ready', '')
  await stack.until('server', isHealthy)
})

test('a server that no longer answers is said not to, though its process is there', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([{ id: 'server', kind: 'server', program: 'moody' }])
  const before = await stack.until('server', isHealthy)
  stack.write('broken', '')
  const status = await stack.until('server', ({ state }) => state === 'starting')
  expect(status.reason).toBe('no longer ready: GET /health answered 500, expected 200')
  expect(status.process).toEqual(before.process)
})

test('a server that has not answered for too long is started anew', async () => {
  await using stack = new EmbeddedFixture()
  stack.hungMs = 500
  await stack.start([{ id: 'server', kind: 'server', program: 'healthy', graceMs: 300 }])
  const before = await stack.until('server', isHealthy)
  process.kill(before.process?.pid ?? 0, 'SIGSTOP')
  const after = await stack.until('server', (status) => isHealthy(status) && status.restarts === 1)
  expect(after.process?.pid).not.toBe(before.process?.pid)
  expect(stack.output('server')).toContain('── did not answer for 0.5 s: starting again')
})

test('what a process started ends with it, and what ignores its end is killed', async () => {
  await using stack = new EmbeddedFixture()
  await stack.start([{ id: 'server', kind: 'server', graceMs: 300, program: 'stubborn' }])
  const { process: leader } = await stack.until('server', isHealthy)
  const child = Number(/child (\d+)/.exec(stack.output('server'))?.[1])
  const identity = await identifyProcess(child)
  expect(identity).not.toBeNull()
  await stack.stop()
  expect(identity && (await isSameProcess(identity))).toBe(false)
  expect(leader && (await isSameProcess(leader))).toBe(false)
})
