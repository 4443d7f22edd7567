import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startSupervisorProcess } from '../../src/embedded/start.ts'
import { identifyProcess } from '../../src/system/processes.ts'
import { until } from '../../src/system/until.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nebula-stack-'))
  mkdirSync(path.join(root, 'scripts'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function supervise(script: string): void {
  writeFileSync(path.join(root, 'scripts/supervise.ts'), script)
}

test('a supervisor that ends at once is reported with what it said', async () => {
  supervise("console.error('no such planet'); process.exit(1)")
  await expect(startSupervisorProcess(root, {})).rejects.toThrow(/the supervisor ended.*no such planet/s)
})

test('a supervisor that never gets ready is not left behind', async () => {
  supervise('setInterval(() => {}, 1000)')
  const error = await startSupervisorProcess(root, {}, 200).catch((error: Error) => error)
  const [, pid] = /\(pid (\d+)\) did not start within 0.2 s, and was ended/.exec(error?.message ?? '') ?? []
  const isGone = async () => (await identifyProcess(Number(pid))) === null
  expect(pid).toBeDefined()
  expect(await until(isGone, { deadlineMs: 5_000, intervalMs: 20 })).toBe(true)
})
