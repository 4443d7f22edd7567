import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bringImages, refuseOthers } from '../../src/cluster/bringImages.ts'
import { IMAGE_LOCK_FILE, loadImageLock, recordDigests } from '../../src/cluster/imageLock.ts'
import { temporaryFolder } from '../temporaryFolder.ts'
import { fakeDocker, stores } from './fakeDocker.ts'

const UI = 'temporalio/ui:2'
const DIGEST = `sha256:${'a'.repeat(64)}`
const OTHER = `sha256:${'b'.repeat(64)}`

async function checkout(images: unknown): Promise<string> {
  const root = await temporaryFolder()
  mkdirSync(path.join(root, 'infra'))
  writeFileSync(path.join(root, IMAGE_LOCK_FILE), JSON.stringify({ images }))
  return root
}

test('the first pull records the digest that the registry gave, and the second asks for that one', async () => {
  const root = await checkout({ [UI]: null, 'z:1': null, 'a:1': OTHER })
  const docker = fakeDocker('1.41', {}, { [UI]: DIGEST })
  expect(await bringImages(root, [UI], {})).toMatchObject({ pulled: [UI], recorded: { [UI]: DIGEST } })
  expect(await loadImageLock(root)).toEqual({ 'a:1': OTHER, [UI]: DIGEST, 'z:1': null })
  expect(readFileSync(path.join(root, IMAGE_LOCK_FILE), 'utf8')).toMatch(
    /^{\n {2}"images": {\n {4}"a:1": .*\n {4}"temporalio/,
  )

  docker.set({})
  docker.publish({ [UI]: OTHER })
  const { failed, recorded } = await bringImages(root, [UI], {})
  expect(failed).toMatchObject([{ image: UI, expected: DIGEST, found: null }])
  expect(recorded).toEqual({})
  expect(docker.calls()).toContain(`pull --quiet temporalio/ui@${DIGEST}`)
  expect((await loadImageLock(root))[UI]).toBe(DIGEST)
  expect(() => refuseOthers(failed)).toThrow('manifest unknown')
})

test('what was only built here is never recorded', async () => {
  const root = await checkout({ [UI]: null })
  const before = readFileSync(path.join(root, IMAGE_LOCK_FILE), 'utf8')
  fakeDocker('1.53', { [UI]: stores.containerd('built') })
  expect(await bringImages(root, [UI], {})).toMatchObject({ present: [UI], recorded: {} })
  expect(readFileSync(path.join(root, IMAGE_LOCK_FILE), 'utf8')).toBe(before)
})

const failure = { image: UI, reason: 'x', unreachable: false, expected: DIGEST, found: OTHER }

test.each([
  ['another one is here', failure],
  ['another one is here, and the registry out of reach', { ...failure, unreachable: true }],
  ['the registry has it no more', { ...failure, found: null }],
])('%s: refused, with what was expected, found and what to do', (_what, failed) => {
  expect(() => refuseOthers([failed])).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(`${UI}\n    expected: ${DIGEST}\n    found:    ${failed.found ?? 'none'}\n`),
      hint: `npm run images -- --pull; or, to take what the tag names now: npm run images -- --update ${UI}`,
      exitCode: 3,
    }),
  )
})

test.each([
  ['out of reach and not here', { ...failure, unreachable: true, found: null }],
  ['not locked', { ...failure, expected: null }],
])('%s: the cluster goes on to the registry itself', (_what, failed) => {
  expect(() => refuseOthers([failed])).not.toThrow()
})

test.each([
  ['a digest that is none', { [UI]: 'sha256:abc' }],
  ['a digest in place of null', { [UI]: 'null' }],
  ['a list', [UI]],
])('a lock with %s is refused, and not written over', async (_what, images) => {
  const root = await checkout(images)
  const invalid = { code: 'IMAGE_LOCK_INVALID', message: expect.stringContaining(IMAGE_LOCK_FILE) }
  await expect(loadImageLock(root)).rejects.toMatchObject(invalid)
  await expect(recordDigests(root, { [UI]: DIGEST })).rejects.toMatchObject(invalid)
  expect(JSON.parse(readFileSync(path.join(root, IMAGE_LOCK_FILE), 'utf8'))).toEqual({ images })
})
