import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { createPrivateFile, hasCode, readIfThere, writePrivateFile } from '../../src/system/files.ts'
import { notWritable } from '../../src/system/notWritable.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const modeOf = async (file: string) => (await stat(file)).mode & 0o777
const coded = (code: string) => Object.assign(new Error(code), { code })

test('a private file is its owner’s alone, and so is its folder, whatever they were before', async () => {
  const folder = path.join(await temporaryFolder(), 'a/b')
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const file = path.join(folder, 'secret')
  await writePrivateFile(file, 'one')
  expect([await modeOf(folder), await modeOf(file)]).toEqual([0o700, 0o600])
  await writePrivateFile(file, 'two')
  expect(await readFile(file, 'utf8')).toBe('two')
  expect(await readdir(folder)).toEqual(['secret'])
})

test('a file that is to be new is left as it is where it is there already', async () => {
  const folder = await temporaryFolder()
  const file = path.join(folder, 'new/lock')
  expect(await createPrivateFile(file, 'one')).toBe(true)
  expect(await createPrivateFile(file, 'two')).toBe(false)
  expect(await readFile(file, 'utf8')).toBe('one')
  expect(await readdir(path.dirname(file))).toEqual(['lock'])
})

test('what cannot be put in its place leaves nothing beside it', async () => {
  const folder = await temporaryFolder()
  const taken = path.join(folder, 'state.json')
  await mkdir(path.join(taken, 'not empty'), { recursive: true })
  await expect(writePrivateFile(taken, '{}')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['state.json'])
})

test('a file that is not there has no content, and one that cannot be read is an error', async () => {
  const folder = await temporaryFolder()
  await writeFile(path.join(folder, 'file'), 'text')
  expect(await readIfThere(path.join(folder, 'file'))).toBe('text')
  expect(await readIfThere(path.join(folder, 'none'))).toBeNull()
  await expect(readIfThere(folder)).rejects.toMatchObject({ code: 'EISDIR' })
})

test('a file where a folder should be is said, with where to look', async () => {
  const file = path.join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  await expect(writePrivateFile(path.join(file, 'inner'), '')).rejects.toMatchObject({
    code: 'NOT_WRITABLE',
    exitCode: 3,
    message: expect.stringContaining('a file is where a folder should be'),
    hint: `df -h '${file}'; ls -la '${file}'`,
  })
  await expect(createPrivateFile(path.join(file, 'inner'), '')).rejects.toMatchObject({ code: 'NOT_WRITABLE' })
})

test.each([
  ['EACCES', 'permission denied', 'sudo chown'],
  ['EPERM', 'permission denied', 'sudo chown'],
  ['EROFS', 'the file system is read-only', 'df -h'],
  ['ENOSPC', 'the disk is full', 'df -h'],
  ['EDQUOT', 'the quota is used up', 'df -h'],
  ['ENOTDIR', 'a file is where a folder should be', 'df -h'],
  ['EEXIST', 'a file is where a folder should be', 'df -h'],
])('%s means that %s', (code, reason, hint) => {
  const cause = coded(code)
  const error = notWritable('/checkout/.nebula/file', '/checkout/.nebula', cause)
  expect(error?.message).toMatch(new RegExp(`^/checkout/\\.nebula/file .*: ${reason}$`))
  expect(error?.hint?.startsWith(hint)).toBe(true)
  expect(error?.hint).toContain("'/checkout/.nebula'")
  expect(error).toMatchObject({ code: 'NOT_WRITABLE', exitCode: 3, cause })
})

test('other errors are about something else', () => {
  for (const error of [coded('EIO'), new Error('no'), 'EACCES', { code: 'EACCES' }, null])
    expect(notWritable('/file', '/', error)).toBeNull()
})

test('an error has the code that the system gave it, and no other value has one', () => {
  expect(hasCode(coded('ENOENT'), 'ENOENT')).toBe(true)
  expect(hasCode(coded('ENOENT'), 'EEXIST')).toBe(false)
  expect(hasCode(new Error('ENOENT'), 'ENOENT')).toBe(false)
  expect(hasCode({ code: 'ENOENT' }, 'ENOENT')).toBe(false)
})
