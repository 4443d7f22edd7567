import path from 'node:path'
import { expect, test } from 'vitest'
import { matchHints } from '../../src/catalogue/hints.ts'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import { findRoot, STACK_FILE } from '../../src/checkout/root.ts'

const hints = [
  { match: 'No space left', say: 'The disk is full.', fix: 'df' },
  { match: '^port \\d+ in use$', say: 'The port is taken.', fix: 'lsof' },
]

test('explains the lines that are known, each advice once, in the order of the hints', () => {
  const lines = ['starting', 'port 80 in use', 'ERROR: No space left on device', 'No space left, still']
  expect(matchHints(hints, lines)).toEqual([
    { say: 'The disk is full.', fix: 'df' },
    { say: 'The port is taken.', fix: 'lsof' },
  ])
})

test('knows nothing of other lines', () => {
  expect(matchHints(hints, ['port eighty in use', 'all is well'])).toEqual([])
})

test('looks through colours', () => {
  expect(matchHints(hints, ['\u001b[31mport 80 in use\u001b[0m'])).toHaveLength(1)
})

test('knows what Temporal says when the password does not fit', async () => {
  const catalogue = await loadCatalogue(path.join(await findRoot(import.meta.dirname), STACK_FILE))
  const temporal = catalogue.services.find(({ id }) => id === 'temporal')
  const line = 'pq: password authentication failed for user "nebula"'
  expect(matchHints(temporal?.hints ?? [], [line])[0]?.say).toContain('another password')
})
