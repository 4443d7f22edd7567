import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { STATE_FILE } from '../../../src/checkout/paths.ts'
import { readState } from '../../../src/embedded/state/supervisorState.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'nebula-stack-'))
  mkdirSync(path.dirname(path.join(root, STATE_FILE)), { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const process = { pid: 7, startTime: 'boot:1' }

test('finds what runs in a state that another version wrote', async () => {
  const services = [{ id: 'temporal', state: 'hibernating', process }]
  writeFileSync(path.join(root, STATE_FILE), JSON.stringify({ supervisor: process, services, colour: 'blue' }))
  expect(await readState(root)).toEqual({
    supervisor: process,
    definition: '',
    retries: 0,
    services: [{ id: 'temporal', state: 'unknown', process }],
  })
})

test.each(['', '{"supervisor":', '{"services":[]}'])('takes %j for no state', async (text) => {
  writeFileSync(path.join(root, STATE_FILE), text)
  expect(await readState(root)).toBeNull()
})
