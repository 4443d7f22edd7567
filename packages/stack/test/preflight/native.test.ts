import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { MINIMUM_RUST, missingForNative, requireNative } from '../../src/preflight/native.ts'
import { onPlatform } from '../onPlatform.ts'
import { temporaryFolder } from '../temporaryFolder.ts'
import { onlyPrograms } from './fakePrograms.ts'

const ALL = {
  cargo: { args: ['--version'] },
  rustc: { args: ['--version'], stdout: 'rustc 1.95.0 (59807616e 2026-04-14)' },
  'pkg-config': { args: ['--exists', 'webkit2gtk-4.1'] },
  'xcode-select': { args: ['--print-path'] },
}
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

test.each(['cargo', 'rustc'])('without %s it says where to get Rust', async (program) => {
  await onlyPrograms({ ...ALL, [program]: { exitCode: 1 } })
  expect(await missingForNative()).toMatchObject([
    { message: expect.stringContaining(`no ${program} on PATH`), hint: expect.stringContaining('rustup') },
  ])
})

test.each([
  ['rustc 1.75.0 (82e1608df 2023-12-21) (built from a source tarball)', '1.75.0'],
  ['rustc', 'unknown'],
])('with %j, which may be too old, it names the version that is needed', async (stdout, named) => {
  await onlyPrograms({ ...ALL, rustc: { stdout } })
  const [missing, ...others] = await missingForNative()
  expect(others).toEqual([])
  expect(missing?.message).toContain(named)
  expect(missing?.message).toContain(`${MINIMUM_RUST} or newer`)
  expect(missing?.hint).toContain('rustup update')
})

test('the oldest Rust that is enough is enough', async () => {
  await onlyPrograms({ ...ALL, rustc: { stdout: `rustc ${MINIMUM_RUST}.0` } })
  expect(await missingForNative()).toEqual([])
})

onLinux.each([
  ['ID=debian\n', 'apt-get install'],
  ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt-get install'],
  ['ID=fedora\n', 'dnf install'],
  ['ID="manjaro"\nID_LIKE=arch\n', 'pacman -S'],
  ['ID=nobara\nID_LIKE="rhel centos"\n', 'dnf install'],
  ['ID=neon\nID_LIKE=ubuntu\n', 'apt-get install'],
  ['VARIANT_ID=arch\nID=void\n', 'tauri.app'],
])('without WebKitGTK on %j it says %s', async (release, command) => {
  await onlyPrograms({ ...ALL, 'pkg-config': { exitCode: 1 } })
  const [missing, ...others] = await missingForNative(await system(release))
  expect(others).toEqual([])
  expect(missing?.message).toContain('WebKitGTK 4.1')
  expect(missing?.hint).toContain(command)
})

onLinux('without WebKitGTK it asks this system what it is, and one that does not say has a page to read', async () => {
  await onlyPrograms({ ...ALL, 'pkg-config': { exitCode: 1 } })
  expect(await missingForNative()).toEqual(await missingForNative('/etc/os-release'))
  expect((await missingForNative('/not/there'))[0]?.hint).toBe('see https://v2.tauri.app/start/prerequisites')
})

test('on macOS it is the command line tools that may be missing, and nothing else is asked for', async () => {
  onPlatform('darwin')
  await onlyPrograms({ cargo: ALL.cargo, rustc: ALL.rustc, 'xcode-select': ALL['xcode-select'] })
  expect(await missingForNative()).toEqual([])
  await onlyPrograms({ cargo: ALL.cargo, rustc: ALL.rustc })
  expect(await missingForNative()).toEqual([
    { message: "Xcode's command line tools are not installed", hint: 'xcode-select --install' },
  ])
})

onLinux('with nothing at all, everything is named in one error', async () => {
  await onlyPrograms({})
  await expect(requireNative()).rejects.toMatchObject({
    message: 'Rust is not installed (no cargo on PATH)\nWebKitGTK 4.1 is not installed (asked pkg-config)',
    code: 'NATIVE_REQUIREMENTS_MISSING',
    exitCode: 3,
    problems: { length: 2 },
  })
})
