import { mirrorImages } from '@nebula/stack/cluster/mirror'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { run } from '../lib/nebula.ts'
import { putMultiPlatformImage } from './multiPlatformImage.ts'
import { localPort, root, succeed } from './setup.ts'

const registryPort = localPort('registry', 'api')

beforeAll(async () => void (await succeed(['up', '--mode', 'cluster'])))

test('what is in the registry is not pushed again', async () => {
  const { stdout } = await succeed(['up', '--mode', 'cluster', '--json'])
  const steps = stdout.split('\n').map((line) => (line === '' ? {} : JSON.parse(line)))
  const images = steps.filter((event) => event.type === 'step' && event.id === 'images')
  expect(images.map(({ state }) => state)).toEqual(['started', 'done'])
  expect(images.at(-1).message).toMatch(/^(?:\d+ in the registry)?(?:, )?(?:\d+ from upstream)?$/)
})

test('of a multi-platform image the platform that is here is pushed, once', async () => {
  const name = `nebula-test-platforms-${process.pid}`
  const source = `127.0.0.1:${registryPort}/${name}/source:1`
  const image = `${name}:1`
  const { index, manifests } = await putMultiPlatformImage(registryPort, `${name}/source`, '1')
  onTestFinished(async () => void (await run(root, ['docker', 'image', 'rm', '--force', source, image])))
  await docker('pull', '--quiet', source)
  await docker('tag', source, image)

  expect(await mirrorImages([image], { registryPort })).toMatchObject({ pushed: [image], failed: [] })
  expect(await mirrorImages([image], { registryPort })).toMatchObject({ present: [image], failed: [] })

  const url = `http://127.0.0.1:${registryPort}/v2/library/${name}/manifests/1`
  const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, */*'
  const held = (await fetch(url, { headers: { accept } })).headers.get('docker-content-digest')
  expect(held).not.toBe(index)
  // The classic image store writes a manifest of its own.
  const architecture = await docker('version', '--format', '{{.Server.Arch}}')
  const store = await docker('info', '--format', '{{.DriverStatus}}')
  if (store.includes('io.containerd.snapshotter')) expect(held).toBe(manifests.get(architecture))
})

async function docker(...args: readonly string[]): Promise<string> {
  const result = await run(root, ['docker', ...args])
  expect(result.exitCode, result.output).toBe(0)
  return result.stdout.trim()
}
