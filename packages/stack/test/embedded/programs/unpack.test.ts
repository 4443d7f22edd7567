import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { strToU8, type Zippable, zipSync } from 'fflate'
import { expect, test } from 'vitest'
import { tarGz } from '../../../../../tests/security/lib/tar.ts'
import { unpack } from '../../../src/embedded/programs/download.ts'
import { execText } from '../../../src/system/exec.ts'
import { temporaryFolder } from '../../temporaryFolder.ts'

/** In a zip: the upper half of an entry's attributes is what Unix calls its mode, if Unix wrote it. */
const UNIX = 3

async function zip(files: Zippable): Promise<{ archive: string; folder: string }> {
  const folder = await temporaryFolder()
  const archive = path.join(folder, 'program.zip')
  await writeFile(archive, zipSync(files))
  return { archive, folder }
}

async function tar(prepare: (folder: string) => Promise<unknown>): Promise<{ archive: string; folder: string }> {
  const folder = await temporaryFolder()
  const content = path.join(folder, 'content')
  await mkdir(content)
  await prepare(content)
  const archive = path.join(folder, 'program.tar.gz')
  await execText(['tar', '-czf', archive, '-C', content, 'program'])
  return { archive, folder }
}

async function modeOf(file: string): Promise<number> {
  return (await stat(file)).mode & 0o7777
}

test('a program of a zip that says nothing of modes can be run', async () => {
  const { archive, folder } = await zip({ program: strToU8('#!/bin/sh\n'), 'LICENSE.md': strToU8('a licence') })
  expect(await modeOf(await unpack(archive, 'program', folder))).toBe(0o755)
})

test('no archive decides as whom a program runs, or that others may change it', async () => {
  const zipped = await zip({ program: [strToU8('#!/bin/sh\n'), { os: UNIX, attrs: 0o104777 << 16 }] })
  expect(await modeOf(await unpack(zipped.archive, 'program', zipped.folder))).toBe(0o755)
  const tarred = await tar(async (content) => {
    await writeFile(path.join(content, 'program'), '#!/bin/sh\n')
    await chmod(path.join(content, 'program'), 0o6777)
  })
  const file = await unpack(tarred.archive, 'program', tarred.folder)
  expect(await modeOf(file)).toBe(0o755)
  expect((await stat(file)).uid).toBe(process.getuid?.())
})

test('what is in the place of the program has to be a plain file, and no second name of another', async () => {
  const linked = await tar((content) => symlink('/bin/sh', path.join(content, 'program')))
  await expect(unpack(linked.archive, 'program', linked.folder)).rejects.toThrow('program in it is no plain file')
  const other = path.join(linked.folder, 'other')
  await writeFile(other, 'private', { mode: 0o600 })
  const entry = { name: 'program', type: '1', link: 'other', content: '', mode: 0o777 }
  await writeFile(linked.archive, tarGz([entry]))
  await rm(path.join(linked.folder, 'program'))
  await expect(unpack(linked.archive, 'program', linked.folder)).rejects.toThrow('program in it is no plain file')
  expect(await modeOf(other)).toBe(0o600)
})

test('an archive without the program is named', async () => {
  const { archive, folder } = await zip({ 'bin/program': strToU8('elsewhere') })
  await expect(unpack(archive, 'program', folder)).rejects.toThrow('program.zip cannot be used: there is no program')
})

test('an archive that is none, or was cut off, is named', async () => {
  const { archive, folder } = await zip({ program: strToU8('#!/bin/sh\n') })
  const bytes = await readFile(archive)
  for (const damaged of [bytes.subarray(0, 0), bytes.subarray(0, 40)]) {
    await writeFile(archive, damaged)
    await expect(unpack(archive, 'program', folder)).rejects.toMatchObject({ code: 'ARCHIVE_INCOMPLETE' })
  }
})

test('no archive takes the memory that it says it needs', async () => {
  const { archive, folder } = await zip({ program: strToU8('#!/bin/sh\n') })
  const bytes = await readFile(archive)
  // The size in the central directory: APPNOTE.TXT, 4.3.12.
  bytes.writeUInt32LE(0xfffffffe, bytes.indexOf('PK\x01\x02') + 24)
  await writeFile(archive, bytes)
  await expect(unpack(archive, 'program', folder)).rejects.toThrow('program in it cannot be as large as it says')
})
