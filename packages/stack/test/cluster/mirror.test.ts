import { expect, test } from 'vitest'
import { heldAsLocked, mirrorImages, mirrorWarnings } from '../../src/cluster/mirror.ts'
import { fakeDocker, stores } from './fakeDocker.ts'
import { digestOf, fakeRegistry } from './fakeRegistry.ts'

const UI = 'temporalio/ui:2'
const ALL = ['postgres:16', UI]
const states = Object.entries(stores).flatMap(([store, image]) =>
  ['1.41', '1.52'].map((apiVersion) => ({ store, apiVersion, image })),
)

test.each(states)('$store, API $apiVersion: pushed once, and again when it is another', async (state) => {
  const { port: registryPort, manifests } = await fakeRegistry()
  const { image, apiVersion } = state
  const docker = fakeDocker(apiVersion, { 'postgres:16': image('sixteen'), [UI]: image('first') })

  await mirrorImages(ALL, { registryPort })
  expect(docker.pushes().length).toBe(2)
  expect(await mirrorImages(ALL, { registryPort })).toMatchObject({ pushed: [], failed: [] })
  expect(docker.pushes().length).toBe(2)

  docker.set({ 'postgres:16': image('sixteen'), [UI]: image('second') })
  expect(await mirrorImages(ALL, { registryPort })).toMatchObject({ pushed: [UI], present: ['postgres:16'] })
  expect(manifests.get('temporalio/ui/manifests/2')).toBe(image('second').manifest)

  // Back again: what was pushed once is no longer what the tag names.
  docker.set({ 'postgres:16': image('sixteen'), [UI]: image('first') })
  expect(await mirrorImages(ALL, { registryPort })).toMatchObject({ pushed: [UI] })
  expect(manifests.get('temporalio/ui/manifests/2')).toBe(image('first').manifest)
  expect(await mirrorImages(ALL, { registryPort })).toMatchObject({ pushed: [], failed: [] })
})

test.each(Object.entries(stores))('%s: a registry that lost everything gets everything', async (_store, image) => {
  const { port: registryPort, manifests } = await fakeRegistry()
  fakeDocker('1.52', { [UI]: image('ui') })
  await mirrorImages([UI], { registryPort })
  manifests.clear()
  expect(await mirrorImages([UI], { registryPort })).toMatchObject({ pushed: [UI] })
})

test('a stand-in and the published image of its name replace each other', async () => {
  const { port: registryPort, manifests } = await fakeRegistry()
  const docker = fakeDocker('1.52', { [UI]: stores.containerd('stand-in') })
  const published = stores['containerd, one platform of an index']('published')
  await mirrorImages([UI], { registryPort })
  docker.set({ [UI]: published })
  expect(await mirrorImages([UI], { registryPort })).toMatchObject({ pushed: [UI] })
  expect(manifests.get('temporalio/ui/manifests/2')).toBe(published.manifest)
})

test.each([
  ['1.41', 'push --quiet'],
  ['1.45', 'push --quiet'],
  ['1.46', 'push --quiet --platform linux/arm64/v8'],
])('with API %s it is `docker %s`', async (apiVersion, command) => {
  const { port: registryPort } = await fakeRegistry()
  const { inspect, manifest } = stores.containerd('ui')
  const docker = fakeDocker(apiVersion, {
    [UI]: { inspect: { ...inspect, Architecture: 'arm64', Variant: 'v8' }, manifest },
  })
  await mirrorImages([UI], { registryPort })
  expect(docker.pushes()).toEqual([`${command} 127.0.0.1:${registryPort}/temporalio/ui:2`])
  expect(docker.calls()).toContain(`image rm --no-prune 127.0.0.1:${registryPort}/temporalio/ui:2`)
})

test('what this Docker does not have, or has for other platforms only, comes from upstream', async () => {
  const { port: registryPort } = await fakeRegistry()
  const { inspect, manifest } = stores.containerd('ui')
  const docker = fakeDocker('1.52', { [UI]: { inspect: { Id: inspect.Id ?? '' }, manifest } })
  expect(await mirrorImages(ALL, { registryPort })).toMatchObject({ upstream: expect.arrayContaining(ALL), failed: [] })
  expect(docker.pushes()).toEqual([])
})

test('one that cannot be pushed is named with the reason, and the others are pushed', async () => {
  const { port: registryPort } = await fakeRegistry()
  const refused = 'image with reference x was found but does not provide any platform'
  fakeDocker('1.52', { [UI]: { ...stores.containerd('ui'), refused }, 'postgres:16': stores.containerd('sixteen') })
  const result = await mirrorImages(ALL, { registryPort })
  expect(result).toEqual({
    pushed: ['postgres:16'],
    present: [],
    upstream: [],
    failed: [{ image: UI, reason: refused }],
  })
  expect(mirrorWarnings(result)).toEqual([
    `not in the cluster's registry (${refused}): the node pulls from docker.io: ${UI}`,
  ])
})

test.each([
  ['answers 503', (registry: { status?: number | undefined }) => Object.assign(registry, { status: 503 }), '503'],
  ['is gone', (registry: { close(): void }) => registry.close(), 'does not answer at http://127.0.0.1'],
])('a registry that %s is named once, for all images', async (_what, damage, reason) => {
  const registry = await fakeRegistry()
  fakeDocker('1.52', { 'postgres:16': stores.containerd('sixteen'), [UI]: stores.containerd('ui') })
  damage(registry)
  const result = await mirrorImages(['postgres:16', UI], { registryPort: registry.port })
  expect(result.failed.map(({ image }) => image).sort()).toEqual(ALL)
  for (const failure of result.failed) expect(failure.reason).toContain(reason)
})

test('an abort ends it, and is no failed push', async () => {
  const { port: registryPort } = await fakeRegistry()
  fakeDocker('1.52', { [UI]: stores.containerd('ui') })
  const abort = new AbortController()
  const options = { signal: abort.signal, onPush: () => abort.abort(new Error('Ctrl-C')) }
  await expect(mirrorImages([UI], { registryPort }, options)).rejects.toThrow('Ctrl-C')
})

test('the registry remembers which image is the locked one, until another takes its tag', async () => {
  const { port: registryPort } = await fakeRegistry()
  const digest = digestOf('published')
  const published = stores['containerd, one platform of an index']('published')
  const inspect = { ...published.inspect, RepoDigests: [`temporalio/ui@${digest}`] }
  const docker = fakeDocker('1.52', { [UI]: { ...published, inspect }, 'postgres:16': stores.containerd('stand-in') })
  const lock = { [UI]: digest, 'postgres:16': digest }
  const held = async () => [...(await heldAsLocked(ALL, { registryPort }, lock))]
  expect(await held()).toEqual([])
  await mirrorImages(ALL, { registryPort }, { lock })
  expect(await held()).toEqual([UI])
  expect([...(await heldAsLocked(ALL, { registryPort }, { [UI]: digestOf('newer') }))]).toEqual([])
  docker.set({ [UI]: stores.containerd('stand-in') })
  await mirrorImages([UI], { registryPort }, { lock })
  expect(await held()).toEqual([])
})

test('a registry that does not answer has nothing', async () => {
  const registry = await fakeRegistry()
  registry.close()
  expect([...(await heldAsLocked([UI], { registryPort: registry.port }, { [UI]: digestOf('x') }))]).toEqual([])
})
