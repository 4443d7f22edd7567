import { readFileSync } from 'node:fs'
import path from 'node:path'
import { findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { expect, test } from 'vitest'
import { rawRequest, requestText, statusOf } from '../../packages/stack/test/rawRequest.ts'
import { run } from '../lib/nebula.ts'
import { CONTEXT, kubectl, localPort, pods, root, succeed } from './setup.ts'

test('one command brings everything up from nothing, and says where to open what', async () => {
  const up = await succeed(['up', '--mode', 'cluster'])
  expect(up.output).toContain('cluster mode')
  for (const [owner, name] of [
    ['temporal-ui', 'ui'],
    ['convex-dashboard', 'ui'],
    ['nebula-worker', 'health'],
    ['tilt', 'ui'],
  ] as const) {
    expect(up.output).toContain(`http://localhost:${localPort(owner, name)}`)
  }
})

test('no pod restarted on the way: dependencies wait, they do not crash', async () => {
  for (const pod of await pods()) expect(pod).toMatch(/^\S+ 0(?: 0)* \S+$/)
})

test('verify pushes a real run through the whole stack', async () => {
  const verify = await succeed(['verify', '--json'])
  const result = JSON.parse(verify.stdout)
  expect(result.ok).toBe(true)
  expect(result.checks.map((check: { name: string }) => check.name)).toContain('A run from start to end')
})

test('status is green, and names the stand-ins', async () => {
  const status = JSON.parse((await succeed(['status', '--json'])).stdout)
  expect(status).toMatchObject({ ok: true, mode: 'cluster' })
  const states = Object.fromEntries(
    status.services.map((service: { id: string; state: string }) => [service.id, service.state]),
  )
  expect(states).toMatchObject({
    postgres: 'healthy',
    'temporal-namespace': 'completed',
    'convex-functions': 'completed',
    'nebula-worker': 'healthy',
  })
  const backend = status.services.find((service: { id: string }) => service.id === 'convex-backend')
  expect(backend.standIn).toMatch(/^convex-embedded /)
})

test('a second up changes nothing', async () => {
  const before = await pods()
  await succeed(['up', '--mode', 'cluster'])
  expect(await pods()).toEqual(before)
})

test('the namespace refuses a pod that runs as root', async () => {
  const refused = await run(root, [
    'kubectl',
    '--context',
    CONTEXT,
    '-n',
    'nebula',
    'run',
    'rooted',
    '--image=postgres:16-alpine',
  ])
  expect(refused.exitCode).not.toBe(0)
  expect(refused.stderr).toContain('violates PodSecurity')
})

test('nothing of the stack listens beyond this machine', async () => {
  const stackPorts = new Set(
    [5432, 7233, 8080, 3210, 3211, 6791, 16791, 8081, 10350, 5005].map((port) =>
      port.toString(16).toUpperCase().padStart(4, '0'),
    ),
  )
  const listening = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A'),
  )
  const ours = listening.map((fields) => (fields[1] ?? '').split(':')).filter(([, port]) => stackPorts.has(port ?? ''))
  expect(ours.length).toBeGreaterThanOrEqual(stackPorts.size)
  for (const [address] of ours)
    expect(['0100007F', '00000000000000000000000001000000', '0000000000000000FFFF00000100007F']).toContain(address)
})

test("the dashboard's page holds the admin key for this machine's own names, and nowhere else", async () => {
  const { convexAdminKey } = JSON.parse(readFileSync(path.join(root, '.nebula/secrets.json'), 'utf8'))
  const catalogue = await loadCatalogue(path.join(root, 'infra/stack.yaml'))
  const { localPort: port, forwardPort = 0 } = findEndpoint(catalogue, 'convex-dashboard', 'ui')
  const page = async (from: number, target: string, host: string) =>
    await rawRequest(from, requestText(target, host, ['Accept: text/html', 'Connection: close']))
  expect(await page(port, '/', `localhost:${port}`)).toContain(convexAdminKey)
  for (const target of ['/', '//localhost/', `http://localhost:${port}/`]) {
    const answer = await page(port, target, 'evil.example')
    expect([400, 403]).toContain(statusOf(answer))
    expect(answer).not.toContain(convexAdminKey)
  }
  // Where the dashboard itself is forwarded to.
  expect(await page(forwardPort, '/', `localhost:${forwardPort}`)).not.toContain(convexAdminKey)
})

test('no secret stands in a log or on a command line', async () => {
  const secrets: Record<string, string> = JSON.parse(readFileSync(path.join(root, '.nebula/secrets.json'), 'utf8'))
  const logs = [
    readFileSync(path.join(root, '.nebula/logs/tilt.log'), 'utf8'),
    await kubectl('logs', 'deployment/nebula-worker', '--tail=-1'),
    await kubectl('logs', 'deployment/convex-backend', '--tail=-1'),
    // The published backend takes its instance secret as an argument and from nowhere else; nothing else may have it there.
    (await run(root, ['ps', '-eo', 'args'])).stdout.replace(/^.*convex-local-backend --instance-name.*$/gm, ''),
  ].join('\n')
  for (const name of ['postgresPassword', 'convexInstanceSecret', 'convexAdminKey', 'serviceKey']) {
    expect(logs.includes(secrets[name] ?? ''), `${name} stands in a log`).toBe(false)
  }
})
