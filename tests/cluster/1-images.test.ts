import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { serviceImages } from '@nebula/stack/cluster/images'
import { mirrorImages } from '@nebula/stack/cluster/mirror'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { imagesStep, NOTHING_PUSHED } from '../lib/imagesStep.ts'
import { run } from '../lib/nebula.ts'
import { putMultiPlatformImage } from './multiPlatformImage.ts'
import { localPort, root, succeed } from './setup.ts'

const registryPort = localPort('registry', 'api')

beforeAll(async () => void (await succeed(['up', '--mode', 'cluster'])))

test('what is in the registry is not pushed again', async () => {
  const { stdout } = await succeed(['up', '--mode', 'cluster', '--json'])
  expect(imagesStep(stdout)).toEqual(NOTHING_PUSHED)
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

test('an image that cannot be pushed is named with the reason, and up goes on', async () => {
  const image = (await serviceImages(root)).find((candidate) => candidate.startsWith('temporalio/ui:')) ?? ''
  await anotherImageAs(image)
  const PATH = `${await dockerThatRefuses(image, 'teapot')}:${process.env.PATH}`
  const { stderr } = await succeed(['up', '--mode', 'cluster'], { env: { PATH } })
  expect(stderr).toContain(`(teapot): the node pulls from docker.io: ${image}`)
})

/** Gives a name another image, for the length of a test. */
async function anotherImageAs(image: string): Promise<void> {
  const kept = `nebula-test-kept-${process.pid}:1`
  const had = (await run(root, ['docker', 'tag', image, kept])).exitCode === 0
  onTestFinished(async () => {
    if (had) await docker('tag', kept, image)
    await docker('image', 'rm', had ? kept : image)
  })
  await docker('tag', await docker('inspect', '--format', '{{.Config.Image}}', 'nebula-registry'), image)
}

/** A folder for PATH with a docker that cannot push an image, and is the real one otherwise. */
async function dockerThatRefuses(image: string, reason: string): Promise<string> {
  const { stdout: real } = await run(root, ['sh', '-c', 'command -v docker'])
  const folder = mkdtempSync(path.join(tmpdir(), 'nebula-test-docker-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const script = `#!/bin/sh
case "$*" in push*${image}) echo ${reason} >&2; exit 1 ;; esac
exec ${real.trim()} "$@"
`
  writeFileSync(path.join(folder, 'docker'), script, { mode: 0o755 })
  return folder
}

async function docker(...args: readonly string[]): Promise<string> {
  const result = await run(root, ['docker', ...args])
  expect(result.exitCode, result.output).toBe(0)
  return result.stdout.trim()
}
