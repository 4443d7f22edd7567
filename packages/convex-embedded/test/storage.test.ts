import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { GenericId } from 'convex/values'
import { expect, it } from 'vitest'
import { FileStorage } from '../src/store/fileStorage.ts'
import { eventually, httpClient, json } from './harness/clients.ts'
import { api } from './harness/fixture.ts'
import { temporaryFolder } from './harness/temporaryFolder.ts'
import { useServer } from './harness/useServer.ts'

const server = useServer()

async function upload(body: string | Uint8Array<ArrayBuffer>, contentType: string): Promise<GenericId<'_storage'>> {
  const url = await httpClient(server).mutation(api.work.uploadUrl, {})
  const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': contentType }, body })
  expect(answer.status).toBe(200)
  const { storageId } = await json(answer)
  // Ids are strings with a mark in their type.
  return String(storageId) as GenericId<'_storage'>
}

async function urlOf(id: GenericId<'_storage'>): Promise<string> {
  return String(await httpClient(server).query(api.work.fileUrl, { id }))
}

it('takes a file by URL and gives it back, byte for byte and with its type', async () => {
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => index % 251)
  const id = await upload(bytes, 'image/png')
  const answer = await fetch(await urlOf(id))
  expect(answer.headers.get('Content-Type')).toBe('image/png')
  expect(Buffer.compare(Buffer.from(await answer.arrayBuffer()), Buffer.from(bytes))).toBe(0)
})

it('keeps what an action stores', async () => {
  const id = await httpClient(server).action(api.work.store, { text: 'file' })
  expect(await (await fetch(await urlOf(id))).text()).toBe('hello file')
})

it('keeps what actions store while mutations next to them fail', async () => {
  const client = httpClient(server)
  const stored = Array.from({ length: 20 }, (_, index) => client.action(api.work.store, { text: String(index) }))
  const failing = Array.from({ length: 60 }, () =>
    client.mutation(api.messages.fail, { kind: 'plain' }, { skipQueue: true }).catch(() => null),
  )
  const [ids] = await Promise.all([Promise.all(stored), Promise.all(failing)])
  const texts = await Promise.all(ids.map(async (id) => await (await fetch(await urlOf(id))).text()))
  expect(texts).toEqual(ids.map((_, index) => `hello ${index}`))
})

it('keeps files through a restart, and clears away what belongs to none', async () => {
  const id = await upload('still there', 'text/plain')
  await server.stop('SIGKILL')
  await server.start()
  expect(await (await fetch(await urlOf(id))).text()).toBe('still there')
  const names = await readdir(path.join(server.dataDir, 'files'))
  expect(names).toContain(id)
  expect(names.every((name) => name.endsWith('_storage'))).toBe(true)
})

it('leaves nothing of a file that does not fit on the disk', async () => {
  const folder = await temporaryFolder()
  const files = new FileStorage({ folder, secret: 'secret', origin: () => '' })
  async function* untilFull() {
    yield Buffer.alloc(100_000)
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  await expect(files.receive(untilFull(), null)).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await readdir(folder)).toEqual([])
})

it('removes the file with its document', async () => {
  const id = await upload('short-lived', 'text/plain')
  const url = await urlOf(id)
  await httpClient(server).mutation(api.work.deleteFile, { id })
  expect((await fetch(url)).status).toBe(404)
  expect(await httpClient(server).query(api.work.fileUrl, { id })).toBeNull()
  await eventually(
    () => readdir(path.join(server.dataDir, 'files')),
    (names) => !names.includes(id),
  )
})

it('gives nothing to those who only know an id, and takes nothing without a token', async () => {
  const id = await upload('private', 'text/plain')
  expect((await fetch(`${server.url}/api/storage/${id}`)).status).toBe(404)
  expect((await fetch(`${server.url}/api/storage/${id}-${'0'.repeat(32)}`)).status).toBe(404)
  expect((await fetch(`${server.url}/api/storage/..%2fconvex.sqlite`)).status).toBe(404)
  for (const token of ['', 'x', `${Date.now() + 1000}-${'0'.repeat(32)}`]) {
    const answer = await fetch(`${server.url}/api/storage/upload?token=${token}`, { method: 'POST', body: 'x' })
    expect(answer.status).toBe(401)
  }
})
