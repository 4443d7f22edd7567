import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { allEndpoints, portsOf } from '../../../src/catalogue/endpoints.ts'
import { loadCatalogue } from '../../../src/catalogue/load.ts'
import { NEEDED_OPTIONS } from '../../../src/embedded/programs/convexBackend.ts'
import { embeddedCatalogue } from '../../../src/embedded/state/embeddedStack.ts'
import { temporaryFolder } from '../../../src/embedded/state/temporaryFolder.ts'
import { launchOf } from '../../../src/embedded/supervisor/launch.ts'
import { ensureSecrets } from '../../../src/secrets/secrets.ts'
import { temporaryFolder as folderForTest } from '../../temporaryFolder.ts'

const root = path.resolve(import.meta.dirname, '../../../../..')
const catalogue = await loadCatalogue(path.join(root, 'infra/stack.yaml'))

async function launch(id: string, programs = {}) {
  const folder = await folderForTest()
  const context = { root: folder, whole: catalogue, secrets: await ensureSecrets(folder), programs }
  const service = catalogue.services.find((candidate) => candidate.id === id)
  if (!service) throw new TypeError(`no service ${id}`)
  return { folder, secrets: context.secrets, launch: launchOf(service, context) }
}

test('embedded mode runs the services that have an embedded form, without needs of those that have none', () => {
  const embedded = embeddedCatalogue(catalogue)
  expect(embedded.platform).toEqual([])
  expect(embedded.services.map(({ id }) => id)).not.toContain('postgres')
  const temporal = embedded.services.find(({ id }) => id === 'temporal')
  expect(temporal?.needs).toEqual([])
  const ui = embedded.services.find(({ id }) => id === 'temporal-ui')
  expect(ui?.needs).toEqual([{ id: 'temporal', until: 'healthy' }])
  // No proxy stands in front of anything there, and no port is kept for what would be behind it.
  const taken = allEndpoints(catalogue).flatMap(portsOf)
  const inCluster = allEndpoints(embedded).filter(({ forwardPort }) => forwardPort !== undefined)
  expect(taken).toContain(16_791)
  expect(inCluster).toEqual([])
})

test('a native program that was found is started where it is, and named', async () => {
  const temporal = { path: '/opt/temporal', source: 'PATH (/opt/temporal)', version: '1.9.1' }
  const { folder, launch: found } = await launch('temporal', { temporal })
  expect(found?.argv[0]).toBe('/opt/temporal')
  expect(found?.argv).toContain(`--db-filename=${path.join(folder, '.nebula/embedded/data/temporal')}/temporal.sqlite`)
  expect(found?.program).toBe('1.9.1 from PATH (/opt/temporal)')
})

test('where the real Convex backend is not at hand, its stand-in takes its place, with its secret in the environment', async () => {
  const { launch: standIn, secrets } = await launch('convex-backend', { 'convex-local-backend': null })
  expect(standIn?.argv[0]).toBe(process.execPath)
  expect(standIn?.argv.join(' ')).not.toContain(secrets.convexInstanceSecret)
  expect(standIn?.env).toMatchObject({ INSTANCE_SECRET: secrets.convexInstanceSecret })
  expect(standIn?.program).toBeUndefined()

  const program = { path: '/opt/convex', source: 'CONVEX_LOCAL_BACKEND', version: 'unknown' }
  const { launch: real } = await launch('convex-backend', { 'convex-local-backend': program })
  expect(real?.argv[0]).toBe('/opt/convex')
  expect(real?.env.INSTANCE_SECRET).toBeUndefined()
})

test('the options that a real Convex backend is asked for are those that it is given', () => {
  const argv = catalogue.services.find(({ id }) => id === 'convex-backend')?.embedded?.argv ?? []
  const given = argv.flatMap((argument) => /^--[a-z-]+/.exec(argument) ?? [])
  expect(given.toSorted()).toEqual(NEEDED_OPTIONS.toSorted())
})

test('the folder for temporary files leaves room for a socket in it, however long the path of the checkout is', () => {
  const [one, other] = ['a', 'b'].map((name) => temporaryFolder(`/home/${name.repeat(200)}`, 'convex-backend'))
  expect(one).not.toBe(other)
  onTestFinished(() => void vi.unstubAllEnvs())
  vi.stubEnv('TMPDIR', `/${'t'.repeat(90)}`)
  for (const folder of [one, temporaryFolder('/home/nebula', 'convex-backend')]) {
    expect(path.join(folder ?? '', '.tmpAbCdEf/.executor.sock').length).toBeLessThanOrEqual(103)
  }
  // Another shell has to find it, and the one that `up` was typed in may take its own with it.
  expect(temporaryFolder('/home/nebula', 'convex-backend')).not.toContain('ttt')
  vi.unstubAllEnvs()
  const elsewhere = temporaryFolder('/home/nebula', 'convex-backend')
  vi.stubEnv('TMPDIR', '/tmp/nix-shell.abc')
  expect(temporaryFolder('/home/nebula', 'convex-backend')).toBe(elsewhere)
})

test('a service in the process of another one has none of its own', async () => {
  expect((await launch('temporal-ui')).launch).toBeNull()
  expect((await launch('postgres')).launch).toBeNull()
})
