import { readFileSync } from 'node:fs'
import path from 'node:path'
import { allEndpoints } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { SECRETS_FILE, STAGED_SECRETS_FILE } from '@nebula/stack/checkout/paths'
import { expect, test } from 'vitest'
import { repository } from '../lib/checkout.ts'

const text = readFileSync(path.join(repository, 'SECURITY.md'), 'utf8')

test('SECURITY.md says of every port that the stack takes who gets in', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const expected = allEndpoints(catalogue).flatMap(({ owner, label, localPort, forwardPort }) => [
    [owner, label, String(localPort)],
    ...(forwardPort === undefined ? [] : [[owner, `${label}, behind its proxy`, String(forwardPort)]]),
  ])
  const [, table = ''] = /<!-- ports: .*? -->\n+([\s\S]*?)\n(?:\n|$)/.exec(text) ?? []
  const rows = table.split('\n').slice(2).map(cellsOf)
  expect(rows.map(([owner, what, port]) => [owner?.replaceAll('`', ''), what, port])).toEqual(expected)
  for (const [, what, , who] of rows) expect(who, what).toMatch(/\w{3}/)
})

test('SECURITY.md says of every port that a person may open what it gives away in public', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const [, section = ''] = /^## What a forwarded port gives away\n([\s\S]*?)^## /m.exec(text) ?? []
  const said = [...section.matchAll(/^- ([\d, ]+):/gm)].flatMap(([, ports = '']) => ports.split(', ').map(Number))
  expect(said.sort()).toEqual(
    allEndpoints(catalogue)
      .map(({ localPort }) => localPort)
      .sort(),
  )
})

test('SECURITY.md names the files that hold secrets', () => {
  for (const file of [SECRETS_FILE, STAGED_SECRETS_FILE, 'packages/convex/.env.local']) {
    expect(text).toContain(`\`${file}\``)
  }
})

function cellsOf(row: string): readonly string[] {
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}
