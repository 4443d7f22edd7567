import { expect, test } from 'vitest'
import { localImage } from '../../src/cluster/localImage.ts'
import { fakeTools } from './fakeTools.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const OTHER = `sha256:${'b'.repeat(64)}`
const ui = { Architecture: 'amd64', Size: 7, Config: { User: 'temporal' }, RepoDigests: [`temporalio/ui@${DIGEST}`] }
const containerd = { ...ui, Descriptor: { digest: DIGEST } }
const pulledFrom = (...names: readonly string[]) => ({ Pull: names.map((Repository) => ({ Repository })) })

// As the engines 20.10 and 29 were seen to say it.
test.each([
  ['classic store, pulled', ui, '1.41', 'pulled', DIGEST],
  ['classic store, built', { ...ui, RepoDigests: [] }, '1.41', 'built', null],
  ['pushed to our registry', { ...ui, RepoDigests: [`127.0.0.1:5005/temporalio/ui@${OTHER}`] }, '1.41', 'built', null],
  [
    'both',
    { ...ui, RepoDigests: [`127.0.0.1:5005/temporalio/ui@${OTHER}`, `temporalio/ui@${DIGEST}`] },
    '1.41',
    'pulled',
    DIGEST,
  ],
  [
    "containerd's, pulled",
    { ...containerd, Identity: pulledFrom('docker.io/temporalio/ui') },
    '1.53',
    'pulled',
    DIGEST,
  ],
  [
    "containerd's, pushed to ours",
    { ...containerd, Identity: pulledFrom('127.0.0.1/temporalio/ui') },
    '1.53',
    'built',
    null,
  ],
  ["containerd's, built", containerd, '1.53', 'built', null],
  ["containerd's, which does not say", containerd, '1.52', 'unclear', DIGEST],
  ['labelled as a stand-in', { ...ui, Config: { Labels: { 'nebula.stand-in': 'x' } } }, '1.41', 'stand-in', null],
  ['for another platform only', { ...ui, Architecture: '' }, '1.53', 'absent', null],
])('%s', async (_what, inspected, apiVersion, from, digest) => {
  fakeTools([{ when: /^docker image inspect temporalio\/ui:2$/, stdout: JSON.stringify([inspected]) }])
  expect(await localImage('temporalio/ui:2', apiVersion)).toMatchObject({ from, digest })
})

test("what a registry gave under Docker Hub's short name is the library's", async () => {
  const inspected = {
    ...containerd,
    RepoDigests: [`postgres@${DIGEST}`],
    Identity: pulledFrom('docker.io/library/postgres'),
  }
  fakeTools([{ when: /^docker image inspect/, stdout: JSON.stringify([inspected]) }])
  const found = { from: 'pulled', digest: DIGEST, bytes: 7, user: 'temporal' }
  expect(await localImage('postgres:16-alpine', '1.54')).toEqual(found)
  expect(await localImage('docker.io/library/postgres:16-alpine', '1.54')).toEqual(found)
  expect(await localImage('ghcr.io/library/postgres:16-alpine', '1.54')).toMatchObject({ from: 'built' })
})
