import { mkdir, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import { dataFolder } from '../../src/checkout/paths.ts'
import { leftData } from '../../src/embedded/leftData.ts'
import { ensureSecrets } from '../../src/secrets/secrets.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const ID = 'convex-backend'
const REAL = 'convex_local_backend.sqlite3'
const STAND_IN = 'convex.sqlite'
const catalogue = await loadCatalogue(path.resolve(import.meta.dirname, '../../../../infra/stack.yaml'))

/** What is left when one form starts where these files were written, the later ones later. */
async function left(runs: 'real' | 'stand-in', files: readonly string[]) {
  const root = await temporaryFolder()
  const folder = dataFolder(root, ID)
  await mkdir(folder, { recursive: true })
  for (const [index, file] of files.entries()) {
    await writeFile(path.join(folder, file), '')
    await utimes(path.join(folder, file), 1_000 + index, 1_000 + index)
  }
  const service = catalogue.services.find(({ id }) => id === ID)
  if (!service) throw new TypeError(`no service ${ID}`)
  const program = { path: '/opt/convex', source: 'the tests', version: 'unknown' }
  const programs = { 'convex-local-backend': runs === 'real' ? program : null }
  return await leftData(service, { root, whole: catalogue, secrets: await ensureSecrets(root), programs })
}

test.for([
  ['real', [], null],
  ['real', [REAL], null],
  ['real', [STAND_IN], { of: 'stand-in', instead: 'none' }],
  ['real', [REAL, STAND_IN], { of: 'stand-in', instead: 'older' }],
  ['real', [STAND_IN, REAL], null],
  // Killed before it took its log in.
  ['real', [STAND_IN, REAL, `${STAND_IN}-wal`], { of: 'stand-in', instead: 'older' }],
  ['stand-in', [STAND_IN], null],
  ['stand-in', [REAL], { of: 'real', instead: 'none' }],
  ['stand-in', [STAND_IN, REAL], { of: 'real', instead: 'older' }],
] as const)('%s starts where %j were written: %j', async ([runs, files, expected]) => {
  expect(await left(runs, files)).toEqual(expected)
})
