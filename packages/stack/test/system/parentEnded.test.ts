import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { identifyProcess, isSameProcess } from '../../src/system/processes.ts'
import { until } from '../../src/system/until.ts'

const MODULE = new URL('../../src/system/parentEnded.ts', import.meta.url).href
const CHILD = `
  const { parentEnded } = await import(${JSON.stringify(MODULE)})
  setInterval(() => {}, 1000)
  console.log(process.pid)
  await parentEnded()
  process.exit()`
const PARENT = `
  const { spawn } = await import('node:child_process')
  spawn(process.execPath, ['--input-type=module', '--eval', ${JSON.stringify(CHILD)}], { stdio: ['ignore', 'inherit', 'ignore'] })
  setInterval(() => {}, 1000)`

test('a process that waits for it ends soon after its parent was killed, and not before', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: parent.stdout }), 'line')
  const child = await identifyProcess(Number(line))
  if (!child) throw new Error('the child is not there')
  expect(await isSameProcess(child)).toBe(true)
  parent.kill('SIGKILL')
  expect(await until(async () => !(await isSameProcess(child)), { deadlineMs: 30_000 })).toBe(true)
})
