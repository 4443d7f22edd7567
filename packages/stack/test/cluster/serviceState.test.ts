import { expect, test } from 'vitest'
import type { Service } from '../../src/catalogue/schema.ts'
import { serviceStatus } from '../../src/cluster/serviceState.ts'
import type { TiltResource } from '../../src/cluster/tiltResource.ts'

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
  expect(serviceStatus(service('server'), ready, { ok: true, ms: 1 })).toMatchObject({ state: 'healthy' })
  expect(serviceStatus(service('server'), ready, { ok: false, ms: 1, detail: 'status 503' })).toMatchObject({
    state: 'starting',
    reason: 'status 503',
  })
})

test('a job that was done is completed', () => {
  expect(serviceStatus(service('job'), resource({}), null)).toMatchObject({ state: 'completed' })
  expect(serviceStatus(service('job'), resource({ runtimeStatus: 'not_applicable' }), null)).toMatchObject({
    state: 'completed',
  })
  expect(serviceStatus(service('job'), resource({ runtimeStatus: 'pending' }), null)).toMatchObject({
    state: 'starting',
  })
})

test("what waits says for whom, without what is Tilt's own affair", () => {
  const waitsFor = ['namespace', 'postgres', 'temporal', 'other']
  const waiting = resource({ updateStatus: 'pending', runtimeStatus: 'pending', waitsFor })
  expect(serviceStatus(service('server', ['postgres', 'temporal']), waiting, null)).toMatchObject({
    state: 'waiting',
    reason: 'for postgres, temporal',
  })
})

test('a failed build and a failed pod say why, in one line', () => {
  const build = resource({ updateStatus: 'error', buildError: 'exit status 1\nand much more' })
  expect(serviceStatus(service('server'), build, null)).toMatchObject({ state: 'failed', reason: 'exit status 1' })
  const pod = resource({ runtimeStatus: 'error', podStatus: 'ErrImagePull', podMessage: 'no such host\n…' })
  expect(serviceStatus(service('server'), pod, null)).toMatchObject({
    state: 'failed',
    reason: 'ErrImagePull: no such host',
  })
})

test('a stand-in is named', () => {
  const probe = { ok: true, ms: 1, standIn: 'convex-embedded 0.1.0' }
  expect(serviceStatus(service('server'), resource({}), probe)).toMatchObject({ standIn: 'convex-embedded 0.1.0' })
})
