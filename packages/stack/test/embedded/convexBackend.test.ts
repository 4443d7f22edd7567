import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadCatalogue } from '../../src/catalogue/load.ts'
import type { Catalogue } from '../../src/catalogue/schema.ts'
import { SECRETS_FILE } from '../../src/checkout/paths.ts'
import { temporaryFolder } from '../../src/embedded/state/temporaryFolder.ts'
import { verifyAdminKey } from '../../src/secrets/adminKey.ts'
import { ensureSecrets } from '../../src/secrets/secrets.ts'
import { freePort } from '../servers.ts'
import { EmbeddedFixture } from './fixture.ts'
import { CONVEX_PROGRAM } from './programs/fakes.ts'

const ID = 'convex-backend'
const PROGRAMS = { 'convex-local-backend': { path: CONVEX_PROGRAM, source: 'the tests', version: 'unknown' } }
const isHealthy = ({ state }: { state: string }) => state === 'healthy'

/** The service of infra/stack.yaml, alone and on free ports. */
async function alone(): Promise<Catalogue> {
  const catalogue = await loadCatalogue(path.resolve(import.meta.dirname, '../../../../infra/stack.yaml'))
  const service = catalogue.services.find(({ id }) => id === ID)
  if (!service) throw new TypeError(`no service ${ID}`)
  const endpoints = await Promise.all(
    service.endpoints.map(async (endpoint) => ({ ...endpoint, localPort: await freePort() })),
  )
  return { ...catalogue, platform: [], services: [{ ...service, endpoints }] }
}

/** What the tests' own backend says to a command line. */
function say(...args: readonly string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CONVEX_PROGRAM, ...args], { encoding: 'utf8' })
  return { code: status, said: `${stdout}${stderr}` }
}

test('the real backend runs with the command line of stack.yaml, can run Node.js, and is no stand-in', async () => {
  await using stack = new EmbeddedFixture()
  await stack.run(await alone(), PROGRAMS)
  expect(await stack.until(ID, isHealthy)).toMatchObject({ program: 'unknown from the tests' })
  expect((await stack.until(ID, isHealthy)).standIn).toBeUndefined()
  const temporary = temporaryFolder(stack.root, ID)
  expect(stack.output(ID)).toContain(`Node executor: ${process.version} in ${temporary}`)
  expect(stack.output(ID)).not.toContain('beacon')
  expect(readdirSync(temporary)).toHaveLength(1)
  await stack.stop()
  expect(existsSync(temporary)).toBe(false)
})

test('it is asked once to end, and drains', async () => {
  await using stack = new EmbeddedFixture()
  await stack.run(await alone(), PROGRAMS)
  await stack.until(ID, isHealthy)
  await stack.stop()
  expect(stack.output(ID).match(/Received Ctrl-C signal!/g)).toHaveLength(1)
  expect(stack.output(ID)).toContain('Server successfully shut down.')
  expect(stack.output(ID)).not.toContain('Forcibly')
})

test('killed, it starts again on its data, and nothing of it is left in the folder for temporary files', async () => {
  await using stack = new EmbeddedFixture()
  await stack.run(await alone(), PROGRAMS)
  const { process: killed } = await stack.until(ID, isHealthy)
  process.kill(killed?.pid ?? 0, 'SIGKILL')
  await stack.until(ID, (status) => isHealthy(status) && status.restarts === 1)
  expect(stack.output(ID)).toContain('convex_local_backend.sqlite3: start 2')
  expect(readdirSync(temporaryFolder(stack.root, ID))).toHaveLength(1)
})

test('a second stack goes on with the data of the first, also with another secret', async () => {
  await using stack = new EmbeddedFixture()
  const catalogue = await alone()
  await stack.run(catalogue, PROGRAMS)
  await stack.until(ID, isHealthy)
  await stack.stop()
  const { convexInstanceSecret } = await ensureSecrets(stack.root)
  rmSync(path.join(stack.root, SECRETS_FILE))
  await stack.run(catalogue, PROGRAMS)
  await stack.until(ID, isHealthy)
  expect((await ensureSecrets(stack.root)).convexInstanceSecret).not.toBe(convexInstanceSecret)
  expect(stack.output(ID)).toContain('convex_local_backend.sqlite3: start 2')
})

/* What all of the above rests on: the program in the tests refuses what the real one refuses. */

test.for([
  [['--unknown'], '--unknown'],
  [['--instance-name=nebula'], 'instance-secret'],
  [['--convex-origin=http://127.0.0.1:1'], 'convex-site'],
  [['--port=70000'], '--port'],
  [['--port=1', '--port=2'], 'multiple times'],
  [['--interface=localhost'], '--interface'],
  [['one.sqlite3', 'two.sqlite3'], 'two.sqlite3'],
  [['--local-storage=a', '--s3-storage'], '--s3-storage'],
  [['keygen', 'admin-key', '--instance-name=nebula'], 'instance-secret'],
] as const)('the backend of the tests refuses %j', ([args, named]) => {
  const { code, said } = say(...args)
  expect(code, said).toBe(2)
  expect(said).toContain(named)
})

test('the backend of the tests makes admin keys, and does not start without a secret', () => {
  const instance = { instanceName: 'nebula', instanceSecret: 'ab'.repeat(32) }
  const args = ['--instance-name', instance.instanceName, '--instance-secret', instance.instanceSecret]
  const key = execFileSync(CONVEX_PROGRAM, ['keygen', 'admin-key', ...args], {
    encoding: 'utf8',
    env: { PATH: path.dirname(process.execPath) },
  })
  expect(verifyAdminKey(key.trim(), instance)).toBe(true)
  expect(say('one.sqlite3')).toMatchObject({ code: 1, said: expect.stringContaining('--instance-secret is required') })
})
