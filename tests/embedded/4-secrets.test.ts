import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { openedBy } from '../lib/keys.ts'
import { run } from '../lib/nebula.ts'
import { rotatesInTheMiddle } from '../lib/rotation.ts'
import { FILES_WITH_SECRETS, SecretTraces, secretsOf } from '../lib/secretTraces.ts'
import { addresses, embedded, root, statusOf, succeed } from './setup.ts'

/* After the work of the tests before: their logs, data and processes are what is looked through. */

const STAGED = path.join(root, '.nebula/secrets.next.json')
const NEW_KEYS = { adminKey: true, serviceKey: true }
const NO_KEYS = { adminKey: false, serviceKey: false }
let said = ''
let traces: SecretTraces

beforeAll(async () => {
  await succeed(['up'])
  for (const args of [['verify'], ['status'], ['status', '--json'], ['doctor'], ['logs', '--tail', '1000'], ['up']]) {
    said += (await embedded(args)).output
  }
  traces = new SecretTraces(root)
})

test('no command says a secret', () => {
  expect(said.length).toBeGreaterThan(1_000)
  expect(traces.in('what commands said', said)).toEqual([])
})

test('of files, only those that are for it hold a secret', async () => {
  expect([...(await traces.inFiles())].sort()).toEqual(FILES_WITH_SECRETS)
})

test('no secret stands on a command line, and processes have those that they need in their environments', () => {
  expect(traces.inArguments()).toEqual([])
  const found = traces.inEnvironments()
  // What tsx compiles the worker's sources with is a process of its own, a child of the worker.
  const isHelper = (trace: string) => trace === 'serviceKey: environment of esbuild'
  expect([...new Set(found)].filter((trace) => !isHelper(trace)).sort()).toEqual([
    'convexInstanceSecret: environment of node main.ts',
    'serviceKey: environment of node main.ts',
  ])
})

test('no port tells a stranger a secret', async () => {
  expect(await traces.inAnswers()).toEqual([])
})

test('a secret would be found: in a text, a file and an answer, whatever its form', () => {
  const { convexInstanceSecret: secret, serviceKey } = secretsOf(root)
  const { d } = JSON.parse(serviceKey)
  for (const text of [secret, Buffer.from(`x ${secret} y`).toString('base64'), Buffer.from(secret).toString('hex')]) {
    expect(traces.in('here', `before ${text} after`)).toEqual(['convexInstanceSecret: here'])
  }
  expect(traces.in('here', Buffer.from(secret, 'hex'))).toEqual(['convexInstanceSecret: here'])
  expect(traces.in('here', JSON.stringify({ key: serviceKey }))).toEqual(['serviceKey: here'])
  expect(traces.in('here', Buffer.from(d, 'base64url'))).toEqual(['serviceKey: here'])
})

test('rotate-secrets asks first, and without anybody to ask it changes nothing', async () => {
  const before = secretsOf(root)
  const refused = await embedded(['rotate-secrets'])
  expect(refused.exitCode).toBe(2)
  expect(refused.stderr).toContain('npm run rotate-secrets -- --yes')
  expect(secretsOf(root)).toEqual(before)
  expect(existsSync(STAGED)).toBe(false)
})

test('rotated in the middle of a run: the run ends, once; the old secrets are worth nothing, the data is there', async () => {
  const { program } = await statusOf('convex-backend')
  const rotate = async () => {
    const { stdout, output } = await succeed(['rotate-secrets', '--yes', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, mode: 'embedded', restarted: true })
    return output
  }
  await rotatesInTheMiddle({ root, ...addresses(), rotate })
  expect((await statusOf('convex-backend')).program).toBe(program)
  await succeed(['verify'])
})

test('killed before anything was ended: all goes on with the old secrets, and the next up takes the new ones', async () => {
  const { convexUrl } = addresses()
  const before = secretsOf(root)
  let kill: (signal: NodeJS.Signals) => void = () => {}
  const watch = setInterval(() => existsSync(STAGED) && kill('SIGKILL'), 1)
  // The command itself: the bootstrap would be killed alone.
  const argv = [process.execPath, 'scripts/rotate-secrets.ts', '--mode', 'embedded', '--yes']
  const killed = await run(root, argv, {
    onStart: (process) => {
      kill = process.kill
    },
  })
  clearInterval(watch)
  expect(killed.exitCode, killed.output).toBeNull()
  const staged = JSON.parse(readFileSync(STAGED, 'utf8'))
  expect(secretsOf(root)).toEqual(before)
  expect(await openedBy(convexUrl, before)).toEqual(NEW_KEYS)
  await succeed(['status'])

  await succeed(['up'])
  expect(secretsOf(root)).toEqual(staged)
  expect(existsSync(STAGED)).toBe(false)
  expect(await openedBy(convexUrl, before)).toEqual(NO_KEYS)
  expect(await openedBy(convexUrl, staged)).toEqual(NEW_KEYS)
  await succeed(['verify'])
})
