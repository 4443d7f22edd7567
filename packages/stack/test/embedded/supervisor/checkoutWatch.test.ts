import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { STATE_FILE } from '../../../src/checkout/paths.ts'
import { STACK_FILE } from '../../../src/checkout/root.ts'
import { readState } from '../../../src/embedded/state/supervisorState.ts'
import { until } from '../../../src/system/until.ts'
import { EmbeddedFixture } from '../fixture.ts'

const PATIENCE = { deadlineMs: 20_000, intervalMs: 50 }

/** A supervisor in a checkout that has a description of the stack. */
async function supervised(): Promise<EmbeddedFixture> {
  const stack = new EmbeddedFixture()
  stack.write(STACK_FILE, 'name: nebula\n')
  await stack.start([{ id: 'server', kind: 'server', program: 'healthy' }])
  await stack.until('server', ({ state }) => state === 'healthy')
  return stack
}

test.each([
  ['deleted', (file: string) => rmSync(path.dirname(file), { recursive: true })],
  ['cut off', (file: string) => writeFileSync(file, '{"supervisor":')],
  [
    "another supervisor's",
    (file: string) => writeFileSync(file, '{"supervisor":{"pid":1,"startTime":"0"},"services":[]}'),
  ],
])('a state that is %s is written again, with every process', async (_, damage) => {
  await using stack = await supervised()
  const before = await readState(stack.root)
  damage(path.join(stack.root, STATE_FILE))
  expect(await until(async () => (await readState(stack.root))?.supervisor.pid === process.pid, PATIENCE)).toBe(true)
  expect(await readState(stack.root)).toEqual(before)
})

test('a state that could not be written is written when it can be, and that is said once', async () => {
  await using stack = await supervised()
  const folder = path.dirname(path.join(stack.root, STATE_FILE))
  rmSync(path.join(stack.root, STATE_FILE))
  // What a full disk does, for root too: a folder in the way of the file.
  mkdirSync(path.join(stack.root, STATE_FILE, 'in-the-way'), { recursive: true })
  expect(await until(async () => stack.log.length > 0, PATIENCE)).toBe(true)
  expect(stack.log).toEqual([expect.stringContaining('the state cannot be written')])
  rmSync(folder, { recursive: true })
  expect(await until(async () => (await readState(stack.root)) !== null, PATIENCE)).toBe(true)
})

test('a checkout that is gone is told of once', async () => {
  await using stack = await supervised()
  rmSync(path.join(stack.root, STACK_FILE))
  expect(await until(async () => stack.gone > 0, PATIENCE)).toBe(true)
  expect(existsSync(path.join(stack.root, STATE_FILE))).toBe(true)
  expect(stack.gone).toBe(1)
})
