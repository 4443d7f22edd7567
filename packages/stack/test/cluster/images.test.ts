import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parseImage, serviceImages } from '../../src/cluster/images.ts'

test.each([
  ['postgres:16-alpine', { host: 'docker.io', repository: 'library/postgres', tag: '16-alpine' }],
  ['temporalio/server:1.32.0', { host: 'docker.io', repository: 'temporalio/server', tag: '1.32.0' }],
  ['ghcr.io/get-convex/convex-backend:652b', { host: 'ghcr.io', repository: 'get-convex/convex-backend', tag: '652b' }],
  ['localhost:5005/thing:1', { host: 'localhost:5005', repository: 'thing', tag: '1' }],
])('%s is taken apart as Docker would', (reference, parts) => {
  expect(parseImage(reference)).toMatchObject({ reference, ...parts })
})

test.each(['nebula-worker', 'localhost:5005/thing', 'postgres:16@sha256:0123'])(
  '%s is left to where it comes from',
  (reference) => {
    expect(parseImage(reference)).toBeNull()
  },
)

test('images are read from init containers too, each once, without what is built here', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'nebula-images-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const folder = path.join(root, 'infra/services/thing')
  mkdirSync(folder, { recursive: true })
  const pod = {
    initContainers: [{ image: 'b/setup:1' }],
    containers: [{ image: 'a/server:2' }, { image: 'nebula-worker' }],
  }
  const manifest = JSON.stringify({ spec: { template: { spec: pod } } })
  writeFileSync(path.join(folder, 'thing.k8s.yaml'), `${manifest}\n---\n${manifest}\n`)
  expect(await serviceImages(root)).toEqual(['a/server:2', 'b/setup:1'])
})
