import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import watchForLeaks, { leaksOf } from '../lib/leaks.ts'

test('a process and a folder that a run leaves behind are named, however they tell whose they are', async () => {
  const check = watchForLeaks()
  onTestFinished(() => check().catch(() => {}))
  const folder = tmpdir()
  const left = path.join(folder, 'nebula-left')
  mkdirSync(left)
  onTestFinished(() => rmSync(left, { recursive: true }))
  mkdirSync(path.join(folder, 'of-a-program-that-we-run'))
  // By a shell between: vitest's own processes are children of the process that asks, too.
  const start = async (options: { cwd?: string; env: NodeJS.ProcessEnv }) => {
    const shell = spawn('/bin/sh', ['-c', 'sleep 60 > /dev/null 2>&1 & echo $!'], options)
    const [pid] = await once(shell.stdout, 'data')
    onTestFinished(() => void process.kill(Number(pid), 'SIGKILL'))
    return Number(pid)
  }
  const byEnvironment = await start({ env: { PATH: process.env.PATH, TMPDIR: folder } })
  const byPlace = await start({ env: { PATH: process.env.PATH }, cwd: left })
  const other = await start({ env: { PATH: process.env.PATH } })
  // The shell's child is the shell itself for a moment.
  await expect
    .poll(() => leaksOf(folder).toSorted())
    .toEqual([`process ${byEnvironment}: sleep 60`, `process ${byPlace}: sleep 60`, left].toSorted())
  expect(leaksOf(folder).join('\n')).not.toContain(`process ${other}:`)
})

test('a run that leaves nothing behind is fine, and its folder is gone', async () => {
  const before = tmpdir()
  const check = watchForLeaks()
  const folder = tmpdir()
  expect(folder).not.toBe(before)
  await check()
  expect(existsSync(folder)).toBe(false)
  expect(tmpdir()).toBe(before)
})
