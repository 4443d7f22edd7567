import { expect, test } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { observeServices } from '../../src/cluster/follow.ts'
import type { PodWatch } from '../../src/cluster/podWatch.ts'
import type { Secrets } from '../../src/secrets/secrets.ts'
import { fakeTools } from './fakeTools.ts'

const catalogue = parseCatalogue(
  `
name: test
cluster: { name: k3d-test, namespace: test, definition: infra/ctlptl.yaml, dataVolume: nebula-data }
platform: [{ id: tilt, title: Tilt, endpoints: [{ name: ui, scheme: http, localPort: 10350, label: Tilt, audience: person, onForward: notify }] }]
services:
  - { id: job, title: Job, summary: a job, group: data, kind: job, resources: { memoryMb: 1, diskMb: 1 }, usualStartMs: 1 }
`,
  'stack.yaml',
)
// Neither pods nor secrets matter to what Tilt says.
const observed = {
  root: '/checkout',
  catalogue,
  tiltPort: 10_350,
  secrets: {} as Secrets,
  pods: { look: async () => new Map() } as unknown as PodWatch,
}
const resource = (name: string, updateStatus: string, error?: string) => ({
  metadata: { name },
  status: { updateStatus, runtimeStatus: 'not_applicable', buildHistory: error ? [{ error }] : [] },
})
const tilt = (...items: unknown[]) => ({ when: /^tilt get uiresources/, stdout: JSON.stringify({ items }) })

test('a Tiltfile that cannot be evaluated is a line of its own, though every service is green', async () => {
  const error =
    'Traceback (most recent call last):\n  /checkout/infra/Tiltfile:56:12: in <toplevel>\nError in fail: not today'
  fakeTools([tilt(resource('job', 'ok'), resource('(Tiltfile)', 'error', error))])
  const [first, second] = await observeServices(observed, null)
  expect(first).toMatchObject({ id: 'tilt', state: 'failed', reason: 'infra/Tiltfile:56: not today' })
  expect(second).toMatchObject({ id: 'job', state: 'completed' })
})

test('mended, the line is gone', async () => {
  fakeTools([tilt(resource('job', 'ok'), resource('(Tiltfile)', 'ok', undefined))])
  expect(await observeServices(observed, null)).toMatchObject([{ id: 'job', state: 'completed' }])
})

test('a failed build says what its own log names, and nothing of a build before', async () => {
  const log = [
    'Running cmd: deploy',
    '✗ packages/a.ts:1:2: before',
    '1 File Changed: [packages/b.ts]',
    'Running cmd: deploy',
    '✗ packages/b.ts:3:4: now',
    'ERROR: "deploy" failed: exit status 5',
  ]
  fakeTools([
    tilt(resource('job', 'error', 'Command "deploy" failed: exit status 5')),
    { when: /^tilt logs/, stdout: log.map((line) => `job │ ${line}`).join('\n') },
  ])
  expect(await observeServices(observed, null)).toMatchObject([{ state: 'failed', reason: 'packages/b.ts:3:4: now' }])
})
