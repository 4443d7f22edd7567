import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { keepShellHistory } from '../../src/devcontainer/shellHistory.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

async function user() {
  const home = await temporaryFolder()
  const volume = path.join(home, 'volume')
  await mkdir(volume)
  return { home, volume, bashrc: path.join(home, '.bashrc') }
}

test("a shell's commands are in the volume before it ends", async () => {
  const { home, volume, bashrc } = await user()
  expect(await keepShellHistory(home, volume)).toBe(true)
  const typed = ['echo remember-me', `cat ${volume}/bash`].join('\n')
  const options = { input: `${typed}\n`, env: { HOME: home, PATH: process.env.PATH }, stdio: 'pipe' } as const
  const seen = execFileSync('bash', ['--rcfile', bashrc, '-i'], options).toString()
  expect(seen.split('\n').filter((line) => line === 'echo remember-me')).toHaveLength(1)
})

test('what the start file has stays, and a second time changes nothing', async () => {
  const { home, volume, bashrc } = await user()
  await writeFile(bashrc, 'alias ll="ls -l"')
  await keepShellHistory(home, volume)
  const once = await readFile(bashrc, 'utf8')
  expect(once).toMatch(/^alias ll="ls -l"\n/)
  expect(await keepShellHistory(home, volume)).toBe(false)
  expect(await readFile(bashrc, 'utf8')).toBe(once)
})

test('settings of an earlier version are replaced', async () => {
  const { home, volume, bashrc } = await user()
  await keepShellHistory(home, path.join(home))
  await keepShellHistory(home, volume)
  const text = await readFile(bashrc, 'utf8')
  expect(text.match(/HISTFILE=/g)).toHaveLength(1)
  expect(text).toContain(`HISTFILE=${volume}/bash`)
})

test('without the volume nothing is touched', async () => {
  const { home, bashrc } = await user()
  expect(await keepShellHistory(home, path.join(home, 'nothing-here'))).toBe(false)
  await expect(readFile(bashrc)).rejects.toThrow('ENOENT')
})
