import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { loadClusterDefinition } from '@nebula/stack/cluster/definition'
import { allImages } from '@nebula/stack/cluster/images'
import { checkPod } from '@nebula/stack/images/checkPod'
import { loadShapes, shapeOf } from '@nebula/stack/images/imageShape'
import { PodSpec } from '@nebula/stack/images/podSpec'
import { expect, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { readManifests } from '../lib/manifests.ts'
import { defaultVersions } from '../lib/toolchain.ts'

const { workloads, configMaps } = readManifests(repository)
const shapes = await loadShapes(repository)

test.each(workloads.map(({ name, pod }) => [name, pod] as const))(
  'the pod of %s can run on images of the recorded shapes',
  (_, pod) => {
    expect(checkPod(pod, { shapes, configMaps })).toEqual([])
  },
)

test('the backend straight from its image, as it once was deployed, cannot be executed', () => {
  const backend = workloads.find(({ name }) => name === 'convex-backend')?.pod
  if (!backend) throw new Error('there is no convex-backend')
  const [{ command: _, workingDir: __, ...container } = { command: [], workingDir: '' }] = backend.containers
  const pod = PodSpec.parse({ ...backend, initContainers: [], containers: [container] })
  expect(checkPod(pod, { shapes, configMaps }).map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
    'not-executable: user 1000 cannot execute /convex/run_backend.sh (mode 0744, owner 0:0)',
    'not-executable: user 1000 cannot execute /convex/convex-local-backend (mode 0744, owner 0:0)',
  ])
})

test('every image that the stack names has a shape, recorded for the version that it names', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const definition = await loadClusterDefinition(repository, catalogue)
  for (const reference of await allImages(repository, definition)) {
    expect(shapeOf(shapes, reference)?.version, `the version of ${reference} in infra/images.yaml`).toBe(
      /:([\w.-]+)$/.exec(reference)?.[1],
    )
  }
})

test('no shape is of an image that nothing names', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const definition = await loadClusterDefinition(repository, catalogue)
  const named = (await allImages(repository, definition)).map((reference) => shapeOf(shapes, reference)?.image)
  const elsewhere = readFileSync(path.join(repository, '.devcontainer/devcontainer.json'), 'utf8')
  for (const { image, version, startedBy, source } of shapes) {
    const isBuiltHere = source.every(({ repository: owner }) => owner === undefined)
    if (startedBy !== undefined || isBuiltHere || named.includes(image)) continue
    expect(elsewhere, `${image} in devcontainer.json`).toContain(`${image}:${version}`)
  }
})

test('the helper of k3d is that of the k3d which the toolchain installs', () => {
  expect(shapeOf(shapes, 'ghcr.io/k3d-io/k3d-tools')?.version).toBe(defaultVersions().get('k3d'))
})

test('every fact has a source: a file of a repository at a commit', () => {
  for (const { image, source } of shapes) {
    for (const { repository: owner, path: file, commit, note } of source) {
      if (owner === undefined) expect(globSync(file, { cwd: repository }), `${image}: ${file}`).toHaveLength(1)
      else expect(commit ?? note, `${image}: ${owner}/${file} names no commit, and does not say why`).toBeDefined()
    }
  }
})
