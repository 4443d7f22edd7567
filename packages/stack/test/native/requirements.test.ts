import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { missingForNative, requireNative } from '../../src/native/requirements.ts'
import { onlyPrograms } from '../preflight/fakePrograms.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const ALL = { cargo: { stdout: 'cargo 1.95.0' }, 'pkg-config': {}, 'xcode-select': {} }
const onLinux = test.runIf(process.platform === 'linux')

async function system(release: string): Promise<string> {
  const file = path.join(await temporaryFolder(), 'os-release')
  await writeFile(file, release)
  return file
}

test('where everything is there, nothing is missing', async () => {
  await onlyPrograms(ALL)
  expect(await missingForNative()).toEqual([])
  await requireNative()
})

test('without Rust it says where to get it', async () => {
  await onlyPrograms({ ...ALL, cargo: { exitCode: 1 } })
  expect(await missingForNative()).toMatchObject([
    { message: expect.stringContaining('Rust'), hint: expect.stringContaining('rustup') },
  ])
})

onLinux.each([
  ['ID=debian\n', 'apt-get install'],
  ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt-get install'],
  ['ID=fedora\n', 'dnf install'],
  ['ID="manjaro"\nID_LIKE=arch\n', 'pacman -S'],
  ['ID=void\n', 'tauri.app'],
])('without WebKitGTK on %j it says %s', async (release, command) => {
  await onlyPrograms({ ...ALL, 'pkg-config': { exitCode: 1 } })
  const [missing, ...others] = await missingForNative(await system(release))
  expect(others).toEqual([])
  expect(missing?.message).toContain('WebKitGTK 4.1')
  expect(missing?.hint).toContain(command)
})

onLinux('with nothing at all, everything is named in one error', async () => {
  await onlyPrograms({})
  await expect(requireNative()).rejects.toMatchObject({
    code: 'NATIVE_REQUIREMENTS_MISSING',
    exitCode: 3,
    problems: { length: 2 },
  })
})
