import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { loadClusterDefinition } from '@nebula/stack/cluster/definition'
import { IMAGE_LOCK_FILE, loadImageLock } from '@nebula/stack/cluster/imageLock'
import { allImages } from '@nebula/stack/cluster/images'
import { expect, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { readConfiguration } from '../lib/devcontainerConfiguration.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: repository,
  encoding: 'utf8',
}).split('\n')

const read = (file: string) => readFileSync(path.join(repository, file), 'utf8')

/** Every published image that a file of these names, wherever in it. */
function named(wanted: RegExp, pattern: RegExp): ReadonlyMap<string, string> {
  const found = files
    .filter((file) => wanted.test(file))
    .flatMap((file) => [...read(file).matchAll(pattern)].map(([, image = '']) => [image, file] as const))
  return new Map(found)
}

test('every image of the stack is in the lock, and the lock has no other', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const images = await allImages(repository, await loadClusterDefinition(repository, catalogue))
  const expected = new Set([...images, readConfiguration(repository).image])
  expect(Object.keys(await loadImageLock(repository))).toEqual([...expected].sort())
})

test('so is every image with a tag that a manifest, a Dockerfile or a workflow names, new ones too', async () => {
  const lock = await loadImageLock(repository)
  const yaml = named(
    /^(infra|\.github)\/(?!images\.yaml).*\.ya?ml$/,
    /^\s*(?:- )?image:\s*['"]?([^\s'"{}]+:[^\s'"{}]+)/gm,
  )
  const dockerfiles = named(/(^|\/)(?!.*stand-ins\/)[^/]*Dockerfile$/, /^(?:FROM|COPY --from=)\s*([^\s$]+:[^\s$]+)/gim)
  const all = new Map([...yaml, ...dockerfiles])
  expect(all.size).toBeGreaterThanOrEqual(8)
  for (const [image, file] of all) expect(Object.keys(lock), `${file} names ${image}`).toContain(image)
})

test('the lock is written as `up` writes it, so that recording a digest changes one line', () => {
  const text = read(IMAGE_LOCK_FILE)
  expect(text).toBe(`${JSON.stringify(JSON.parse(text), null, 2)}\n`)
})
