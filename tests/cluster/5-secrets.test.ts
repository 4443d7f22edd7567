import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { probe } from '@nebula/stack/health/probe'
import type { Secrets } from '@nebula/stack/secrets/secrets'
import { beforeAll, expect, test } from 'vitest'
import { run } from '../lib/nebula.ts'
import { rotatesInTheMiddle } from '../lib/rotation.ts'
import { FILES_WITH_SECRETS, SecretTraces } from '../lib/secretTraces.ts'
import { kubectl, localPort, root, succeed } from './setup.ts'

/* After the work of the tests before: their logs, objects and processes are what is looked through. */

let traces: SecretTraces

beforeAll(async () => {
  await succeed(['up', '--mode', 'cluster'])
  traces = new SecretTraces(root)
})

test('no command says a secret, and neither does Tilt nor kubectl', async () => {
  for (const args of [['verify'], ['status'], ['status', '--json'], ['doctor'], ['logs', '--tail', '5000']]) {
    expect(traces.in(args.join(' '), (await succeed(args)).output)).toEqual([])
  }
  for (const args of [
    ['dump', 'engine'],
    ['get', 'kubernetesapply', '-o', 'yaml'],
    ['get', 'configmap', '-o', 'yaml'],
  ]) {
    const { output } = await run(root, ['tilt', ...args])
    expect(traces.in(`tilt ${args.join(' ')}`, output)).toEqual([])
  }
  for (const args of [
    ['get', 'all,configmaps,events', '-o', 'yaml'],
    ['describe', 'all,secrets,configmaps'],
  ]) {
    expect(traces.in(`kubectl ${args.join(' ')}`, await kubectl(...args))).toEqual([])
  }
  const pods = (await kubectl('get', 'pods', '-o', 'name')).split('\n')
  expect(pods.length).toBeGreaterThan(4)
  for (const pod of pods) {
    expect(traces.in(pod, await kubectl('logs', pod, '--all-containers', '--tail=-1'))).toEqual([])
  }
})

test('of files, only those that are for it hold a secret', async () => {
  expect([...(await traces.inFiles())].sort()).toEqual(FILES_WITH_SECRETS)
})

test('no secret stands on a command line, but the one that the published backend takes nowhere else', () => {
  const known = /^convexInstanceSecret: command line of .*convex-local-backend/
  expect(traces.inArguments().filter((trace) => !known.test(trace))).toEqual([])
})

test("no port tells a stranger a secret; the dashboard's page has its key for this machine's own names", async () => {
  const known = /^convexAdminKey: convex-dashboard ui, asked as localhost for /
  expect((await traces.inAnswers()).filter((trace) => !known.test(trace))).toEqual([])
})

test('rotated in the middle of a run: the run ends, once; the old secrets are worth nothing, the data is there', async () => {
  const convexUrl = `http://127.0.0.1:${localPort('convex-backend', 'api')}`
  const temporal = `127.0.0.1:${localPort('temporal', 'grpc')}`
  const rotate = async () => (await succeed(['rotate-secrets', '--yes', '--mode', 'cluster'])).output
  const { before, now } = await rotatesInTheMiddle({ root, convexUrl, temporal, rotate })
  expect(await opensPostgres(now)).toBe(true)
  expect(await opensPostgres(before)).toBe(false)
  await succeed(['verify'])
})

async function opensPostgres(secrets: Secrets): Promise<boolean> {
  const { services } = await loadCatalogue(`${root}/infra/stack.yaml`)
  const service = services.find(({ id }) => id === 'postgres')
  if (!service?.ready) throw new TypeError('postgres has no check')
  return (await probe(service.ready, { service, secrets })).ok
}
