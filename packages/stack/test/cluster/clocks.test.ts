import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Clocks, forgiveYoung } from '../../src/cluster/clocks.ts'
import type { PodTrouble } from '../../src/cluster/trouble.ts'
import type { ServiceStatus } from '../../src/driver/serviceStatus.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

const trouble = (change: Partial<PodTrouble>): PodTrouble => ({
  kind: 'crash-loop',
  summary: 'main exited with code 3',
  hint: 'npm run logs -- thing',
  hopeless: false,
  retrying: false,
  detail: '',
  uid: 'pod',
  since: new Date().toISOString(),
  ...change,
})
const status = (of: PodTrouble): ServiceStatus => ({
  id: 'thing',
  state: of.retrying ? 'starting' : 'failed',
  reason: of.summary,
  hint: of.hint,
})
const look = (clocks: Clocks, of: PodTrouble) => clocks.forgive(status(of), null, of)

test('what may heal is shown at once with its hint, and has failed when it lasts', () => {
  const clocks = new Clocks()
  expect(look(clocks, trouble({}))).toMatchObject({ state: 'starting', reason: 'main exited with code 3' })
  expect(look(clocks, trouble({})).hint).toBe('npm run logs -- thing')
  vi.advanceTimersByTime(19_000)
  expect(look(clocks, trouble({}))).toMatchObject({ state: 'starting' })
  vi.advanceTimersByTime(1_000)
  expect(look(clocks, trouble({}))).toMatchObject({ state: 'failed' })
})

test('what only an edit helps has failed within seconds, though not at the first word', () => {
  const clocks = new Clocks()
  const gone = trouble({ kind: 'no-such-image', hopeless: true })
  expect(look(clocks, gone)).toMatchObject({ state: 'starting' })
  vi.advanceTimersByTime(3_000)
  expect(look(clocks, gone)).toMatchObject({ state: 'failed' })
})

test('a container that crashes every now and then has failed, however long it runs in between', () => {
  const clocks = new Clocks()
  look(clocks, trouble({}))
  vi.advanceTimersByTime(15_000)
  expect(look(clocks, trouble({ retrying: true }))).toMatchObject({ state: 'starting' })
  vi.advanceTimersByTime(15_000)
  expect(look(clocks, trouble({}))).toMatchObject({ state: 'failed' })
})

test.each([
  ['it was healthy in between', { id: 'thing', state: 'healthy' }, trouble({})],
  ['it was deployed anew in between', { id: 'thing', state: 'building' }, trouble({})],
  ['it is another pod', null, trouble({ uid: 'other' })],
  ['it is something else', null, trouble({ kind: 'registry-unreachable' })],
] as const)('the clock starts anew when %s', (_, between, next) => {
  const clocks = new Clocks()
  look(clocks, trouble({}))
  vi.advanceTimersByTime(25_000)
  if (between) clocks.forgive(between, null, null)
  expect(look(clocks, next)).toMatchObject({ state: 'starting' })
})

test('a single look takes the age of the pod for it', () => {
  const young = trouble({})
  expect(forgiveYoung(status(young), young)).toMatchObject({ state: 'starting', hint: young.hint })
  const gone = trouble({ hopeless: true })
  expect(forgiveYoung(status(gone), gone)).toMatchObject({ state: 'failed' })
  vi.advanceTimersByTime(20_000)
  expect(forgiveYoung(status(young), young)).toMatchObject({ state: 'failed' })
})
