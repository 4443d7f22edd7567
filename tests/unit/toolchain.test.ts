import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { committedChecksums, defaultVersions, sha256, ToolchainMirror } from '../lib/toolchain.ts'

const TOOLS = ['k3d', 'ctlptl', 'tilt', 'kubectl', 'just']
const NOTHING: readonly string[] = []

test('every tool has a checksum for amd64 and for arm64', () => {
  const paths = [...committedChecksums().keys()]
  expect([...defaultVersions().keys()]).toEqual(TOOLS)
  for (const [tool, version] of defaultVersions()) {
    for (const arch of [/amd64|x86_64/, /arm64|aarch64/]) {
      const found = paths.filter(
        (file) => path.basename(file).startsWith(tool) && file.includes(version) && arch.test(file),
      )
      expect(found, `${tool} ${version} for ${arch}`).toHaveLength(1)
    }
  }
  for (const hash of committedChecksums().values()) expect(hash).toMatch(/^[0-9a-f]{64}$/)
})

test.each(['x86_64', 'aarch64'])('installs every tool with its completions on %s', async (machine) => {
  using mirror = new ToolchainMirror()
  const result = await mirror.install({ TOOLCHAIN_MACHINE: machine })
  expect(result.exitCode, result.output).toBe(0)
  const expected = TOOLS.flatMap((tool) => [
    `usr/local/bin/${tool}`,
    `usr/local/share/bash-completion/completions/${tool}`,
    `usr/local/share/zsh/site-functions/_${tool}`,
  ])
  expect(mirror.installed()).toEqual(expected.sort())
  for (const tool of TOOLS) {
    expect(statSync(path.join(mirror.root, 'usr/local/bin', tool)).mode & 0o777).toBe(0o755)
    const completion = path.join(mirror.root, 'usr/local/share/bash-completion/completions', tool)
    expect(readFileSync(completion, 'utf8')).toContain(`completion of ${tool}`)
  }
})

test('outside of a build it installs the default versions, and makes no folders for volumes', async () => {
  using mirror = new ToolchainMirror()
  const unset = Object.fromEntries(TOOLS.map((tool) => [tool.toUpperCase(), undefined]))
  const result = await mirror.install({ ...unset, _REMOTE_USER: undefined })
  expect(result.exitCode, result.output).toBe(0)
  for (const [tool, version] of defaultVersions()) expect(result.stdout).toContain(`${tool} ${version} (amd64)\n`)
  expect(mirror.installed().filter((file) => file.startsWith('usr/local/bin/'))).toHaveLength(TOOLS.length)
  expect(existsSync(path.join(mirror.root, 'commandhistory'))).toBe(false)
})

test('an option that is set to nothing is refused, not taken for the default', async () => {
  using mirror = new ToolchainMirror()
  const result = await mirror.install({ TILT: '' })
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain('the option "tilt" is empty')
  expect(mirror.installed()).toEqual(NOTHING)
})

test.each(TOOLS)('a download of %s with one byte changed stops everything', async (tool) => {
  using mirror = new ToolchainMirror()
  const file = pathOf(tool)
  const target = path.join(mirror.folder, file)
  const expected = sha256(target)
  const bytes = readFileSync(target)
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  writeFileSync(target, bytes)
  const result = await mirror.install()
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain(`${tool} ${defaultVersions().get(tool)} (amd64) is not the file that it should be`)
  for (const said of [file, `expected: ${expected}`, `got:      ${sha256(target)}`]) {
    expect(result.stderr).toContain(said)
  }
  expect(mirror.installed()).toEqual(NOTHING)
})

test('a link in the place of a tool is not followed', async () => {
  using mirror = new ToolchainMirror()
  const other = path.join(mirror.folder, 'other')
  writeFileSync(other, '#!/bin/sh\n', { mode: 0o600 })
  mirror.putLink(pathOf('tilt'), other)
  mirror.writeChecksums()
  const result = await mirror.install()
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toMatch(/✗ toolchain: tilt in tilt\..*\.tar\.gz is no plain file/)
  expect(statSync(other).mode & 0o777).toBe(0o600)
  expect(mirror.installed()).toEqual(NOTHING)
})

test('a version that no checksum is known for is not installed', async () => {
  using mirror = new ToolchainMirror()
  const unknown = pathOf('kubectl').replace(defaultVersions().get('kubectl') ?? '', '9.9.9')
  mirror.put(unknown)
  const result = await mirror.install({ KUBECTL: '9.9.9' })
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain('there is no checksum for kubectl 9.9.9 (amd64)')
  expect(result.stderr).toContain(unknown)
  expect(mirror.installed()).toEqual(NOTHING)
  mirror.writeChecksums()
  expect((await mirror.install({ KUBECTL: '9.9.9' })).exitCode).toBe(0)
})

test("a mirror's checksums are worth nothing beside ours", async () => {
  using mirror = new ToolchainMirror()
  const ours = path.join(mirror.feature, 'checksums.sha256')
  renameSync(ours, path.join(mirror.folder, 'checksums.sha256'))
  writeFileSync(ours, [...committedChecksums()].map(([file, hash]) => `${hash}  ${file}\n`).join(''))
  const result = await mirror.install()
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain(`expected: ${committedChecksums().get(pathOf('k3d'))}`)
  expect(mirror.installed()).toEqual(NOTHING)
})

test('nor do they add to ours', async () => {
  using mirror = new ToolchainMirror()
  const unknown = pathOf('kubectl').replace(defaultVersions().get('kubectl') ?? '', '9.9.9')
  mirror.put(unknown)
  const hash = sha256(path.join(mirror.folder, unknown))
  writeFileSync(path.join(mirror.folder, 'checksums.sha256'), `${hash}  ${unknown}\n`)
  const result = await mirror.install({ KUBECTL: '9.9.9' })
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain('there is no checksum for kubectl 9.9.9 (amd64)')
  expect(mirror.installed()).toEqual(NOTHING)
})

test('a folder of the Feature can be the mirror', async () => {
  using mirror = new ToolchainMirror()
  const result = await mirror.install({ MIRROR: path.relative(mirror.feature, mirror.folder) })
  expect(result.exitCode, result.output).toBe(0)
})

test('what cannot be had is named, with where it was looked for', async () => {
  using mirror = new ToolchainMirror()
  const file = path.join(mirror.folder, pathOf('tilt'))
  rmSync(file)
  const result = await mirror.install()
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toMatch(/✗ toolchain: tilt .* could not be downloaded/)
  expect(result.stderr).toContain(`from: ${file}`)
  expect(mirror.installed()).toEqual(NOTHING)
})

test.each(['http://mirror.example', 'ftp://mirror.example'])('%s is no mirror: it is not encrypted', async (url) => {
  using mirror = new ToolchainMirror()
  const result = await mirror.install({ MIRROR: url })
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain(`the mirror ${url} is neither`)
})

test('another architecture is refused by name', async () => {
  using mirror = new ToolchainMirror()
  const result = await mirror.install({ TOOLCHAIN_MACHINE: 'riscv64' })
  expect(result.exitCode).toBe(1)
  expect(result.stderr).toContain('there are no tools for the architecture riscv64')
  expect(mirror.installed()).toEqual(NOTHING)
})

test('the folders that volumes are mounted on belong to the user', async () => {
  using mirror = new ToolchainMirror()
  const { username, uid } = userInfo()
  await mirror.install({ _REMOTE_USER: username, _REMOTE_USER_HOME: '/home/somebody' })
  for (const folder of ['home/somebody/.local/share/pnpm/store', 'commandhistory']) {
    expect(existsSync(path.join(mirror.root, folder)), folder).toBe(true)
    expect(statSync(path.join(mirror.root, folder)).uid).toBe(uid)
  }
})

/** Of the default version for amd64. */
function pathOf(tool: string): string {
  const isWanted = (file: string) => path.basename(file).startsWith(tool) && /amd64|x86_64/.test(file)
  return [...committedChecksums().keys()].find(isWanted) ?? ''
}
