import { RunsClient } from '@nebula/convex/runsClient'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applicationTests, survives } from '../lib/applicationTests.ts'
import { addresses, isAlive, pids, root, statusOf, succeed } from './setup.ts'

let target: { app: RunsClient; temporal: string }

beforeAll(async () => {
  await succeed(['up'])
  const { convexUrl, temporal } = addresses()
  target = { app: new RunsClient(convexUrl), temporal }
})
afterAll(async () => await target.app.close())

applicationTests(root, () => target)

test('a run goes on after a restart of the whole stack in the middle of it, and ends once', async () => {
  await survives(target, async () => {
    await succeed(['down'])
    await succeed(['up'])
  })
})

for (const id of ['nebula-worker', 'convex-backend', 'temporal', 'convex-dashboard']) {
  test(`${id}: killed in the middle of a run, it is started again and the run ends, once`, async () => {
    const before = pids()
    const pid = before.services[id] ?? 0
    await survives(target, async () => process.kill(pid, 'SIGKILL'))
    await expect.poll(async () => (await statusOf(id)).state, { timeout: 30_000 }).toBe('healthy')
    const after = pids()
    expect(after.supervisor).toBe(before.supervisor)
    expect({ ...after.services, [id]: 0 }).toEqual({ ...before.services, [id]: 0 })
    expect(after.services[id]).not.toBe(pid)
    expect((await succeed(['status'])).stdout).toMatch(/1 restarts/)
  })
}

test('the supervisor killed in the middle of a run: status says so, up ends what it left, the run ends, once', async () => {
  const { supervisor, services } = pids()
  await survives(target, async () => {
    process.kill(supervisor, 'SIGKILL')
    await expect.poll(async () => (await statusOf('temporal')).state, { timeout: 10_000 }).not.toBe('healthy')
    const up = await succeed(['up'])
    expect(up.stderr).toContain('the supervisor was killed')
  })
  const { services: after } = pids()
  for (const [id, pid] of Object.entries(services)) expect(after[id]).not.toBe(pid)
})

test('down after a killed supervisor ends what it left', async () => {
  const { supervisor, services } = pids()
  process.kill(supervisor, 'SIGKILL')
  await expect.poll(async () => (await statusOf('temporal')).state, { timeout: 10_000 }).not.toBe('healthy')
  await succeed(['down'])
  expect([supervisor, ...Object.values(services)].filter(isAlive)).toEqual([])
  await succeed(['up'])
})
