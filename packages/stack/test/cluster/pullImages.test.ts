import { expect, test } from 'vitest'
import { pullImages } from '../../src/cluster/pullImages.ts'
import { fakeTools } from './fakeTools.ts'

const LOCKED = `sha256:${'a'.repeat(64)}`
const OTHER = `sha256:${'b'.repeat(64)}`
const absent = { when: /^docker image inspect/, exitCode: 1 }
const nothing = { present: [], pulled: [], failed: [], recorded: {} }

/** What Docker has under a name, as the classic image store says it. */
function here(image: string, digest?: string) {
  const RepoDigests = digest ? [`${image.split(':')[0]}@${digest}`] : []
  return {
    when: new RegExp(`^docker image inspect ${image}$`),
    stdout: JSON.stringify([{ Architecture: 'amd64', RepoDigests }]),
  }
}

function pulls(tools: { calls: () => readonly string[] }): readonly string[] {
  return tools.calls().filter((call) => /^docker (pull|tag) /.test(call))
}

test('what the local Docker has is not pulled', async () => {
  const tools = fakeTools([here('postgres:16'), absent])
  const result = await pullImages(['postgres:16', 'temporalio/ui:2'])
  expect(result).toEqual({ ...nothing, present: ['postgres:16'], pulled: ['temporalio/ui:2'] })
  expect(pulls(tools)).toEqual(['docker pull --quiet temporalio/ui:2'])
})

test('what it has for other platforms only is pulled', async () => {
  fakeTools([{ when: /^docker image inspect/, stdout: '[{"Architecture":""}]' }])
  expect(await pullImages(['postgres:16'])).toMatchObject({ present: [], pulled: ['postgres:16'] })
})

test('what is there is asked for all the same where it may be another one, in the Docker that is named', async () => {
  const tools = fakeTools([here('postgres:16')])
  const docker = ['docker', 'exec', 'c0ffee', 'docker']
  const result = await pullImages(['postgres:16'], { evenIfPresent: true, docker })
  expect(result).toMatchObject({ present: [], pulled: ['postgres:16'], failed: [] })
  expect(tools.calls()).toContain('docker exec c0ffee docker pull --quiet postgres:16')
  for (const call of tools.calls()) expect(call).toMatch(/^docker exec c0ffee docker /)
})

test('one that cannot be had keeps no other from being pulled', async () => {
  fakeTools([absent, { when: /pull .* gone:1$/, stderr: 'Using default\nmanifest unknown\n', exitCode: 1 }])
  const result = await pullImages(['gone:1', 'there:1', 'there:2', 'there:3', 'there:4'])
  expect(result.failed).toMatchObject([{ image: 'gone:1', reason: 'manifest unknown', unreachable: false }])
  expect([...result.pulled].sort()).toEqual(['there:1', 'there:2', 'there:3', 'there:4'])
})

test('a registry that cannot be reached is not asked for every image', async () => {
  const images = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `ghcr.io/x/${name}:1`)
  const tools = fakeTools([absent, { when: /pull/, stderr: 'lookup ghcr.io: no such host\n', exitCode: 1 }])
  const result = await pullImages(images)
  expect(result.failed.map(({ image }) => image).sort()).toEqual(images)
  // As many as are asked for at a time.
  expect(tools.calls().filter((call) => / pull /.test(call)).length).toBeLessThanOrEqual(3)
})

test.each([
  ['dial tcp: lookup registry-1.docker.io on 127.0.0.11:53: server misbehaving', true],
  ['Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout', true],
  ['failed to do request: Head "https://registry-1.docker.io/v2/": EOF', true],
  ['toomanyrequests: You have reached your unauthenticated pull rate limit', true],
  ['unexpected status from HEAD request to https://ghcr.io/v2/x: 503 Service Unavailable', true],
  ['manifest for temporalio/ui@sha256:5030 not found: manifest unknown: manifest unknown', false],
  ['pull access denied for temporalio/ui, repository does not exist or may require docker login', false],
  ['image verification failed for digest sha256:5030', false],
])('"%s": out of reach is %s', async (stderr, unreachable) => {
  fakeTools([absent, { when: /pull/, stderr, exitCode: 1 }])
  expect((await pullImages(['temporalio/ui:2'])).failed).toMatchObject([{ unreachable }])
})

const lock = { 'temporalio/ui:2': LOCKED }
const BY_DIGEST = [`docker pull --quiet temporalio/ui@${LOCKED}`, `docker tag temporalio/ui@${LOCKED} temporalio/ui:2`]

test.each([
  ['is not here', absent],
  ['is here as another one', here('temporalio/ui:2', OTHER)],
])('a locked image that %s is pulled by its digest, and named', async (_what, answer) => {
  const tools = fakeTools([answer])
  expect(await pullImages(['temporalio/ui:2'], { lock })).toEqual({ ...nothing, pulled: ['temporalio/ui:2'] })
  expect(pulls(tools)).toEqual(BY_DIGEST)
})

test.each([
  ['is here as it is locked', here('temporalio/ui:2', LOCKED)],
  ['was built here', here('temporalio/ui:2')],
])('a locked image that %s stays', async (_what, answer) => {
  const tools = fakeTools([answer])
  expect(await pullImages(['temporalio/ui:2'], { lock })).toEqual({ ...nothing, present: ['temporalio/ui:2'] })
  expect(pulls(tools)).toEqual([])
})

test("one that the cluster's registry has as it is locked is pulled only in place of another one", async () => {
  const held = new Set(['temporalio/ui:2'])
  expect(pulls(fakeTools([absent]))).toEqual([])
  expect(await pullImages(['temporalio/ui:2'], { lock, held })).toMatchObject({ present: ['temporalio/ui:2'] })
  const tools = fakeTools([here('temporalio/ui:2', OTHER)])
  expect(await pullImages(['temporalio/ui:2'], { lock, held })).toMatchObject({ pulled: ['temporalio/ui:2'] })
  expect(pulls(tools)).toEqual(BY_DIGEST)
})

test('one that is refused is told with what was expected and what is here', async () => {
  const refused = { when: /^docker pull/, stderr: 'manifest unknown\n', exitCode: 1 }
  fakeTools([here('temporalio/ui:2', OTHER), refused])
  const failure = {
    image: 'temporalio/ui:2',
    reason: 'manifest unknown',
    unreachable: false,
    expected: LOCKED,
    found: OTHER,
  }
  expect(await pullImages(['temporalio/ui:2'], { lock })).toEqual({ ...nothing, failed: [failure] })
})

test('what the lock has no digest for is recorded when a registry gave it, and never when it was made here', async () => {
  fakeTools([here('a:1', OTHER), here('b:1'), absent])
  const result = await pullImages(['a:1', 'b:1'], { lock: { 'a:1': null, 'b:1': null } })
  expect([...result.present].sort()).toEqual(['a:1', 'b:1'])
  expect(result.recorded).toEqual({ 'a:1': OTHER })
})
