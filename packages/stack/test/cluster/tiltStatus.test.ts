import { expect, test } from 'vitest'
import type { Service } from '../../src/catalogue/schema.ts'
import type { TiltResource } from '../../src/cluster/tiltResource.ts'
import { serviceStatus } from '../../src/cluster/tiltStatus.ts'
import type { PodTrouble } from '../../src/cluster/trouble.ts'

const service = (kind: Service['kind'], needs: readonly string[] = []): Service => ({
  id: 'thing',
  title: 'Thing',
  summary: 'A thing',
  group: 'data',
  kind,
  needs: needs.map((id) => ({ id, until: 'healthy' })),
  endpoints: [],
  stop: { signal: 'SIGTERM', graceMs: 1 },
  resources: { memoryMb: 0, diskMb: 0 },
  usualStartMs: 1,
  hints: [],
})
const resource = (change: Partial<TiltResource>): TiltResource => ({
  name: 'thing',
  updateStatus: 'ok',
  runtimeStatus: 'ok',
  isOnDemand: false,
  waitsFor: [],
  buildError: undefined,
  podStatus: 'Running',
  podMessage: undefined,
  restarts: 0,
  deployedAt: undefined,
  ...change,
})

test('a server is healthy only when its own check says so too', () => {
  const ready = resource({})
  expect(serviceStatus(service('server'), ready, { ok: true, ms: 1 }, null)).toMatchObject({ state: 'healthy' })
  expect(serviceStatus(service('server'), ready, { ok: false, ms: 1, detail: 'status 503' }, null)).toMatchObject({
    state: 'starting',
    reason: 'status 503',
  })
})

test('a job that was done is completed', () => {
  expect(serviceStatus(service('job'), resource({}), null, null)).toMatchObject({ state: 'completed' })
  expect(serviceStatus(service('job'), resource({ runtimeStatus: 'not_applicable' }), null, null)).toMatchObject({
    state: 'completed',
  })
  expect(serviceStatus(service('job'), resource({ runtimeStatus: 'pending' }), null, null)).toMatchObject({
    state: 'starting',
  })
})

test("what waits says for whom, without what is Tilt's own affair", () => {
  const waitsFor = ['namespace', 'postgres', 'temporal', 'other']
  const waiting = resource({ updateStatus: 'pending', runtimeStatus: 'pending', waitsFor })
  expect(serviceStatus(service('server', ['postgres', 'temporal']), waiting, null, null)).toMatchObject({
    state: 'waiting',
    reason: 'for postgres, temporal',
  })
})

test('a failed build and a failed pod say why, in one line', () => {
  const build = resource({ updateStatus: 'error', buildError: 'exit status 1\nand much more' })
  expect(serviceStatus(service('server'), build, null, null)).toMatchObject({
    state: 'failed',
    reason: 'exit status 1',
  })
  const pod = resource({ runtimeStatus: 'error', podStatus: 'ErrImagePull', podMessage: 'no such host\n…' })
  expect(serviceStatus(service('server'), pod, null, null)).toMatchObject({
    state: 'failed',
    reason: 'ErrImagePull: no such host',
  })
})

test('a failed update says what runs on, and the reason with its place where the log has one', () => {
  const deployedAt = new Date().toISOString()
  const clock = new Date(deployedAt).toTimeString().slice(0, 5)
  const build = { updateStatus: 'error', buildError: 'exit status 1', deployedAt }
  const reasonOf = (change: Partial<TiltResource>) =>
    serviceStatus(service('server'), resource({ ...build, ...change }), null, null, 'a.ts:3:1: no').reason
  expect(reasonOf({})).toBe(`runs the version of ${clock}; the newer one failed: a.ts:3:1: no`)
  expect(reasonOf({ runtimeStatus: 'error' })).toBe('a.ts:3:1: no')
  expect(reasonOf({ deployedAt: undefined })).toBe('a.ts:3:1: no')
  expect(reasonOf({ deployedAt: '2026-01-02T12:00:00Z' })).toContain('runs the version of 2026-01-02, ')
})

test('a stand-in is named', () => {
  const probe = { ok: true, ms: 1, standIn: 'convex-embedded 0.1.0' }
  expect(serviceStatus(service('server'), resource({}), probe, null)).toMatchObject({
    standIn: 'convex-embedded 0.1.0',
  })
})

const trouble: PodTrouble = {
  kind: 'no-such-image',
  summary: 'image a/b:1 does not exist',
  hint: "grep -rn 'a/b:1' infra",
  hopeless: true,
  retrying: false,
  detail: 'ErrImagePull: a/b:1: not found',
  uid: 'u',
  since: '2026-11-28T01:00:00Z',
}

test('what Kubernetes says of a pod goes before what Tilt still hopes', () => {
  const waits = resource({ runtimeStatus: 'pending', podStatus: 'ContainerCreating' })
  expect(serviceStatus(service('server'), waits, null, trouble)).toMatchObject({
    state: 'failed',
    reason: trouble.summary,
    hint: trouble.hint,
  })
  expect(serviceStatus(service('server'), waits, null, { ...trouble, retrying: true })).toMatchObject({
    state: 'starting',
    reason: trouble.summary,
  })
})

test('the pods of before say nothing of a service that is being built or waits to be deployed', () => {
  for (const [updateStatus, state] of [
    ['in_progress', 'building'],
    ['pending', 'waiting'],
  ] as const) {
    const status = serviceStatus(service('server'), resource({ updateStatus }), null, trouble)
    expect(status).toMatchObject({ state })
    expect(status.hint).toBeUndefined()
  }
})
