import { chmod, mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findTemporalCli } from '../../../src/embedded/programs/temporalCli.ts'
import { httpServer } from '../../servers.ts'
import {
  contentOf,
  emptyMachine,
  type Machine,
  type PublishedArchive,
  publishTemporal,
  script,
  serving,
  temporalScript,
} from './fakes.ts'

/** A machine that can download this release. */
async function onlineMachine(published: PublishedArchive, requests: string[] = []): Promise<Machine> {
  const machine = await emptyMachine()
  machine.search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${await httpServer(serving(published, requests))}`
  return machine
}

test('replaces a cached program that is not what was installed', async () => {
  const published = await publishTemporal()
  const { search, checkout, cache } = await onlineMachine(published)
  const options = { release: published.release, checkout }
  const { path: file } = await findTemporalCli(search, options)
  const original = await readFile(file, 'utf8')

  await writeFile(file, original.slice(0, -10)) // as after a full disk
  expect((await findTemporalCli(search, options)).source).toBe('downloaded, checksum verified')
  await writeFile(file, original.replace('Server', 'Sorver')) // as long as before
  expect((await findTemporalCli(search, options)).source).toBe('downloaded, checksum verified')
  await rm(path.join(path.dirname(file), 'receipt.json'))
  expect((await findTemporalCli(search, options)).source).toBe('downloaded, checksum verified')

  expect(await readFile(file, 'utf8')).toBe(original)
  expect(await contentOf(cache)).toHaveLength(1)
})

test('uses a cached program that was copied with another time', async () => {
  const published = await publishTemporal()
  const { search, checkout } = await onlineMachine(published)
  const options = { release: published.release, checkout }
  const { path: file } = await findTemporalCli(search, options)
  await utimes(file, new Date(0), new Date(0))
  expect((await findTemporalCli(search, options)).source).toBe('downloaded, checksum verified, cached')
})

test('mends a cached program that lost its mode, as in a backup', async () => {
  const published = await publishTemporal()
  const requests: string[] = []
  const { search, checkout } = await onlineMachine(published, requests)
  const options = { release: published.release, checkout }
  const { path: file } = await findTemporalCli(search, options)
  await chmod(file, 0o644)
  expect((await findTemporalCli(search, options)).source).toBe('downloaded, checksum verified, cached')
  expect((await stat(file)).mode & 0o7777).toBe(0o755)
  expect(requests).toHaveLength(1)
})

test('two at once both get the whole program', async () => {
  const published = await publishTemporal()
  const machine = await emptyMachine()
  const waiting: (() => void)[] = []
  const port = await httpServer((request, response) => {
    waiting.push(() => serving(published)(request, response))
    if (waiting.length === 2) for (const answer of waiting) answer()
  })
  machine.search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${port}`
  const options = { release: published.release, checkout: machine.checkout }
  const [one, other] = await Promise.all([
    findTemporalCli(machine.search, options),
    findTemporalCli(machine.search, options),
  ])
  expect(one.path).toBe(other.path)
  expect(await readFile(one.path, 'utf8')).toBe(temporalScript())
  expect(await contentOf(machine.cache)).toHaveLength(1)
})

test('an interrupted download ends with the reason of the interruption and leaves nothing', async () => {
  const published = await publishTemporal()
  const machine = await emptyMachine()
  const controller = new AbortController()
  const port = await httpServer((_request, response) => {
    response.writeHead(200, { 'content-length': published.bytes.length })
    response.write(published.bytes.subarray(0, 100), () => controller.abort(new Error('interrupted by a person')))
  })
  machine.search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${port}`
  const search = { ...machine.search, signal: controller.signal }
  const options = { release: published.release, checkout: machine.checkout }
  await expect(findTemporalCli(search, options)).rejects.toThrow('interrupted by a person')
  expect(await contentOf(machine.cache)).toEqual([])
})

test('a download that breaks off is no program', async () => {
  const published = await publishTemporal()
  const machine = await emptyMachine()
  const port = await httpServer((_request, response) => {
    response.writeHead(200, { 'content-length': published.bytes.length })
    response.write(published.bytes.subarray(0, 100), () => response.destroy())
  })
  machine.search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${port}`
  await expect(
    findTemporalCli(machine.search, { release: published.release, checkout: machine.checkout }),
  ).rejects.toThrow(/download: http/)
  expect(await contentOf(machine.cache)).toEqual([])
})

test('what a killed process left is not used, and removed when it is old', async () => {
  const published = await publishTemporal()
  const { search, checkout, cache } = await onlineMachine(published)
  for (const name of ['.making-old', '.making-new']) {
    await mkdir(path.join(cache, name), { recursive: true })
    await writeFile(path.join(cache, name, 'temporal'), temporalScript().slice(0, 20))
  }
  await utimes(path.join(cache, '.making-old'), new Date(0), new Date(0))
  const found = await findTemporalCli(search, { release: published.release, checkout })
  expect(found.source).toBe('downloaded, checksum verified')
  expect(await contentOf(cache)).toEqual(['.making-new', path.basename(path.dirname(found.path))])
})

test('a program that does not run is not kept', async () => {
  const published = await publishTemporal(script('exit 1'))
  const { search, checkout, cache } = await onlineMachine(published)
  await expect(findTemporalCli(search, { release: published.release, checkout })).rejects.toThrow(/failed with exit/)
  expect(await contentOf(cache)).toEqual([])
})

test('uses the checkout when the home cannot be written, and XDG_CACHE_HOME when it is set', async () => {
  const published = await publishTemporal()
  const { search, checkout, home } = await onlineMachine(published)
  const options = { release: published.release, checkout }
  await writeFile(path.join(home, 'file'), '')
  const homeless = { ...search, env: { ...search.env, HOME: path.join(home, 'file') } }
  const found = await findTemporalCli(homeless, options)
  expect(found.path.startsWith(path.join(checkout, '.nebula', 'programs'))).toBe(true)

  await rm(path.join(checkout, '.nebula'), { recursive: true })
  const elsewhere = { ...search, env: { ...search.env, XDG_CACHE_HOME: path.join(home, 'xdg') } }
  const other = await findTemporalCli(elsewhere, options)
  expect(other.path.startsWith(path.join(home, 'xdg', 'nebula', 'programs'))).toBe(true)
})
