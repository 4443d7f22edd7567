import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { deleteDataVolume, ensureDataVolume } from '../../src/cluster/dataVolume.ts'
import { type Answer, fakeTools } from './fakeTools.ts'

const definition = { data: { volume: 'nebula-data', path: '/var/lib/nebula' } }
let root: string

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nebula-stack-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
})

const docker = (id: string): Answer => ({ when: /^docker info/, stdout: `${id}\n` })
const volume = (id: string): Answer => ({
  when: /^docker volume inspect/,
  stdout: JSON.stringify([{ Labels: { 'dev.nebula.data': id } }]),
})
const none: Answer = { when: /^docker volume inspect/, stderr: 'Error: No such volume: nebula-data', exitCode: 1 }
const ensure = (options?: { acceptDataLoss: boolean }) => ensureDataVolume(root, definition, options)
const changing = (calls: readonly string[]) => calls.filter((call) => / volume (create|rm)/.test(call))

test('is made once, labelled, and kept from then on', async () => {
  const first = fakeTools([docker('one'), none])
  expect(await ensure()).toBe('made')
  const [made] = changing(first.calls())
  const id = /--label dev\.nebula\.data=(\S+) nebula-data$/.exec(made ?? '')?.[1] ?? ''
  expect(id).not.toBe('')
  const second = fakeTools([docker('one'), volume(id)])
  expect(await ensure()).toBe('kept')
  expect(changing(second.calls())).toEqual([])
})

test.for([
  ['it is gone', none],
  ['it is another one', volume('b')],
] as const)('that this checkout had is missed, and nothing takes its place: %s', async ([, found]) => {
  fakeTools([docker('one'), volume('a')])
  await ensure()
  const tools = fakeTools([docker('one'), found])
  const lost = { code: 'DATA_GONE', exitCode: 3, hint: expect.stringContaining('--accept-data-loss') }
  await expect(ensure()).rejects.toMatchObject(lost)
  expect(changing(tools.calls())).toEqual([])
  await ensure({ acceptDataLoss: true })
  fakeTools([docker('one'), found === none ? volume('made since') : found])
  if (found !== none) expect(await ensure()).toBe('kept')
})

test('a volume of a checkout that remembers none is taken', async () => {
  const tools = fakeTools([docker('one'), volume('a')])
  expect(await ensure()).toBe('kept')
  expect(changing(tools.calls())).toEqual([])
})

test('another Docker, that of a devcontainer say, has its own, and that is said', async () => {
  fakeTools([docker('outside'), volume('a')])
  await ensure()
  fakeTools([docker('inside'), none])
  expect(await ensure()).toBe('elsewhere')
  fakeTools([docker('outside'), volume('a')])
  expect(await ensure()).toBe('kept')
})

test('a Docker that does not answer has lost nothing', async () => {
  fakeTools([docker('one'), volume('a')])
  await ensure()
  const down: Answer = { when: /^docker volume inspect/, stderr: 'Cannot connect to the Docker daemon', exitCode: 1 }
  const tools = fakeTools([docker('one'), down])
  await expect(ensure()).rejects.toMatchObject({ code: 'DOCKER_UNREACHABLE' })
  expect(changing(tools.calls())).toEqual([])
})

test('once deleted, it is not missed', async () => {
  fakeTools([docker('one'), volume('a')])
  await ensure()
  const tools = fakeTools([docker('one'), volume('a')])
  await deleteDataVolume(root, definition)
  expect(changing(tools.calls())).toEqual(['docker volume rm nebula-data'])
  fakeTools([docker('one'), none])
  expect(await ensure()).toBe('made')
})
