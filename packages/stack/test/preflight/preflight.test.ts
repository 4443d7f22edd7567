import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test, vi } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { clusterChecks } from '../../src/cluster/preflight.ts'
import type { Check, CheckResult, PreflightContext } from '../../src/preflight/check.ts'
import { diskCheck } from '../../src/preflight/disk.ts'
import { dockerCheck } from '../../src/preflight/docker.ts'
import { dockerApiCheck } from '../../src/preflight/dockerApi.ts'
import { checkInotify } from '../../src/preflight/inotify.ts'
import { measureMemory } from '../../src/preflight/measureMemory.ts'
import { memoryCheck } from '../../src/preflight/memory.ts'
import { portsCheck } from '../../src/preflight/ports.ts'
import { preflightError, runPreflight } from '../../src/preflight/run.ts'
import { toolChecks } from '../../src/preflight/tools.ts'
import { dockerApiVersion } from '../../src/system/dockerEngine.ts'
import { catalogueText } from '../catalogue/catalogueText.ts'
import { freePort, silentServer } from '../servers.ts'
import { temporaryFolder } from '../temporaryFolder.ts'
import { onlyPrograms } from './fakePrograms.ts'

const context: PreflightContext = {
  root: import.meta.dirname,
  catalogue: parseCatalogue(catalogueText, 'stack.yaml'),
  ownPorts: new Set(),
}
const GIB = 2 ** 30

function engine(ApiVersion: string, MinAPIVersion = '1.24') {
  return { docker: { stdout: JSON.stringify({ Server: { Version: '27.0.0', ApiVersion, MinAPIVersion } }) } }
}

/** A catalogue whose services take more than any machine has. */
function greedy(what: 'memoryMb' | 'diskMb'): PreflightContext {
  const services = context.catalogue.services.map((service) => ({
    ...service,
    resources: { ...service.resources, [what]: 2 ** 30 },
  }))
  return { ...context, catalogue: { ...context.catalogue, services } }
}

/** The catalogue with free ports, but for these. */
async function withPorts(tilt: number, sql: number): Promise<PreflightContext['catalogue']> {
  const text = catalogueText
    .replace('10350', String(tilt))
    .replace('localPort: 5432', `localPort: ${sql}`)
    .replace('8080', String(await freePort()))
  return parseCatalogue(text, 'stack.yaml')
}

test('docker: says which engine answers', async () => {
  await onlyPrograms(engine('1.41'))
  expect(await dockerCheck.run(context)).toEqual({ status: 'ok', message: 'Docker 27.0.0 answers (API 1.41)' })
  expect(await dockerApiVersion()).toBe('1.41')
})

const noServer = JSON.stringify({ Client: { Version: '27.0.0' }, Server: null })
test.each<[string, string, RegExp, RegExp]>([
  [
    'not running',
    'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?',
    /does not run/,
    /docker/i,
  ],
  [
    'no permission',
    'permission denied while trying to connect to the Docker daemon socket',
    /does not let the user/,
    /usermod -aG docker/,
  ],
  ['something else', 'Error response from daemon: teapot', /does not answer as it should: .*teapot/, /docker version/],
])('docker: tells %s from the rest, with the command for it', async (_, stderr, message, fix) => {
  await onlyPrograms({ docker: { stdout: noServer, stderr: `${stderr}\n`, exitCode: 1 } })
  expect(await dockerCheck.run(context)).toEqual({
    status: 'fail',
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  })
  expect(await dockerApiVersion()).toBeNull()
})

test('docker: not installed', async () => {
  await onlyPrograms({})
  expect(await dockerCheck.run(context)).toMatchObject({
    status: 'fail',
    message: expect.stringContaining('not installed'),
  })
})

test('docker: a DOCKER_API_VERSION from outside does not hide the engine', async () => {
  const script = `process.env.DOCKER_API_VERSION`
  await onlyPrograms({ docker: { stdout: noServer, stderr: `Cannot connect`, exitCode: 1 } })
  vi.stubEnv('DOCKER_API_VERSION', '1.99')
  const program = path.join(process.env.PATH ?? '', 'docker')
  const answer = JSON.stringify({ Server: { Version: '27.0.0', ApiVersion: '1.46' } })
  await writeFile(
    program,
    `#!${path.join(process.env.PATH ?? '', '.node')}\nif (${script} === undefined) process.stdout.write(${JSON.stringify(answer)})`,
  )
  expect(await dockerApiVersion()).toBe('1.46')
})

test.each<[string, string, string, CheckResult['status']]>([
  ['an engine before 20.10', '1.40', '1.12', 'fail'],
  ['an engine older than the tools', '1.41', '1.12', 'ok'],
  ['an engine as new as the tools', '1.52', '1.44', 'ok'],
  ['an engine that has given up what the tools speak', '1.60', '1.52', 'fail'],
])('docker API: %s', async (_, newest, oldest, status) => {
  await onlyPrograms(engine(newest, oldest))
  expect(await dockerApiCheck.run(context)).toMatchObject({ status })
})

const good = {
  k3d: { stdout: 'k3d version v5.9.0\nk3s version v1.32.5-k3s1 (default)\n' },
  ctlptl: { stdout: 'v0.9.3, built 2026-04-23\n' },
  tilt: { stdout: 'v0.37.6, built 2026-07-28\n' },
  kubectl: { stdout: 'Client Version: v1.36.1+k3s1\nKustomize Version: v5.8.1\n' },
}
const runTools = async () =>
  Object.fromEntries((await runPreflight(toolChecks, context)).map((result) => [result.id, result]))

test('tools: all there and new enough', async () => {
  await onlyPrograms(good)
  const results = await runTools()
  expect(Object.values(results).map(({ status, message }) => `${status} ${message}`)).toEqual([
    'ok k3d 5.9.0',
    'ok ctlptl 0.9.3',
    'ok tilt 0.37.6',
    'ok kubectl 1.36.1',
  ])
})

test('tools: missing, too old, broken or of no known version, each with what to do', async () => {
  await onlyPrograms({
    k3d: { stdout: 'k3d version v5.8.3\n' },
    tilt: { stdout: 'dev build\n' },
    kubectl: { stdout: 'Client Version: v1.4.12\n' },
  })
  const { k3d, ctlptl, tilt, kubectl } = await runTools()
  expect(k3d).toMatchObject({
    status: 'fail',
    message: 'k3d 5.8.3 is too old: 5.9.0 or newer is needed',
    fix: expect.stringContaining('k3d'),
  })
  expect(ctlptl).toMatchObject({
    status: 'fail',
    message: expect.stringContaining('not installed'),
    fix: expect.stringContaining('ctlptl'),
  })
  expect(tilt).toMatchObject({ status: 'warn', message: expect.stringContaining('version is unknown') })
  expect(kubectl).toMatchObject({ status: 'fail', message: expect.stringContaining('1.4.12 is too old') })
})

test('ports: names the service, the port and who holds it; free ones and our own are fine', async () => {
  const [taken, own] = [await silentServer(), await silentServer()]
  const catalogue = await withPorts(taken, own)
  const result = await portsCheck.run({ ...context, catalogue, ownPorts: new Set([own]) })
  expect(result).toEqual({
    status: 'fail',
    message: expect.stringMatching(
      new RegExp(`^port ${taken} \\(Tilt\\) is taken by .*\\(pid ${process.pid}, in .*\\)$`),
    ),
    fix: `kill ${process.pid}`,
  })
})

test('ports: what stands behind a proxy takes a port too', async () => {
  const taken = await silentServer()
  const catalogue = await withPorts(await freePort(), await freePort())
  const services = catalogue.services.map((service) => ({
    ...service,
    endpoints: service.endpoints.map((endpoint) =>
      endpoint.name === 'sql' ? { ...endpoint, forwardPort: taken } : endpoint,
    ),
  }))
  const result = await portsCheck.run({ ...context, catalogue: { ...catalogue, services } })
  expect(result.message).toContain(`port ${taken} (SQL) is taken`)
  const ownPorts = new Set([taken])
  expect((await portsCheck.run({ ...context, catalogue: { ...catalogue, services }, ownPorts })).status).toBe('ok')
})

test('ports: says that all are free', async () => {
  const catalogue = await withPorts(await freePort(), await freePort())
  expect(await portsCheck.run({ ...context, catalogue })).toEqual({ status: 'ok', message: '3 ports are free' })
})

test('disk: compares what is free with what the services take, unless they have it already', async () => {
  expect(await diskCheck.run(greedy('diskMb'))).toMatchObject({
    status: 'warn',
    message: expect.stringMatching(/GB free at .*takes up to/),
  })
  expect(await diskCheck.run({ ...greedy('diskMb'), ownPorts: new Set([1]) })).not.toMatchObject({
    message: expect.stringContaining('takes up to'),
  })
})

test('memory: fails when the machine can never hold the stack', async () => {
  expect(await memoryCheck.run(greedy('memoryMb'))).toMatchObject({
    status: 'fail',
    message: expect.stringContaining('takes up to'),
  })
})

/** A /proc and /sys of a machine with 8 GiB, half of it available. */
async function machine(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder()
  const all = { 'proc/meminfo': 'MemTotal:        8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB\n', ...files }
  for (const [file, content] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), content)
  }
  return root
}

test.each<[string, Record<string, string>, object]>([
  ['a machine', {}, { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' }],
  [
    'a container (cgroup v2): its cache can go',
    {
      'proc/self/cgroup': '0::/\n',
      'sys/fs/cgroup/memory.max': `${4 * GIB}\n`,
      'sys/fs/cgroup/memory.current': `${2 * GIB}\n`,
      'sys/fs/cgroup/memory.stat': `anon 1\ninactive_file ${GIB}\n`,
    },
    { total: 4 * GIB, available: 3 * GIB, limitedBy: 'container' },
  ],
  [
    'a container (cgroup v1) on a machine that has less left than the container may take',
    {
      'proc/self/cgroup': '4:memory:/some/where\n0::/\n',
      'sys/fs/cgroup/memory/some/where/memory.limit_in_bytes': `${6 * GIB}\n`,
      'sys/fs/cgroup/memory/some/where/memory.usage_in_bytes': `${GIB}\n`,
      'sys/fs/cgroup/memory/some/where/memory.stat': 'total_inactive_file 0\n',
    },
    { total: 6 * GIB, available: 4 * GIB, limitedBy: 'container' },
  ],
  [
    'no limit (cgroup v2)',
    { 'sys/fs/cgroup/memory.max': 'max\n', 'sys/fs/cgroup/memory.current': '5\n' },
    { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' },
  ],
  [
    'no limit (cgroup v1)',
    {
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
      'sys/fs/cgroup/memory/memory.usage_in_bytes': '5\n',
    },
    { total: 8 * GIB, available: 4 * GIB, limitedBy: 'machine' },
  ],
])('memory of %s', async (_, files, expected) => {
  expect(await measureMemory(await machine(files))).toEqual(expected)
})

test('inotify: low limits are named, with the command that raises them', async () => {
  const folder = 'proc/sys/fs/inotify'
  const low = await machine({ [`${folder}/max_user_instances`]: '128\n', [`${folder}/max_user_watches`]: '8192\n' })
  expect(await checkInotify(low)).toEqual({
    status: 'warn',
    message:
      'fs.inotify.max_user_instances is 128, at least 512 is needed; fs.inotify.max_user_watches is 8192, at least 65536 is needed',
    fix: 'sudo sysctl -w fs.inotify.max_user_instances=1280 fs.inotify.max_user_watches=655360',
  })
  const enough = await machine({ [`${folder}/max_user_instances`]: '512\n', [`${folder}/max_user_watches`]: '65536\n' })
  expect(await checkInotify(enough)).toMatchObject({ status: 'ok' })
  expect(await checkInotify(await machine({}))).toMatchObject({ status: 'ok' })
})

test('runs all checks at the same time, reports each when it is done, keeps their order', async () => {
  const first = Promise.withResolvers<void>()
  const slow: Check = {
    id: 'slow',
    title: 'Slow',
    run: async () => {
      await first.promise
      return { status: 'warn', message: 'late' }
    },
  }
  const quick: Check = {
    id: 'quick',
    title: 'Quick',
    run: async () => {
      first.resolve()
      return { status: 'ok', message: 'soon' }
    },
  }
  const broken: Check = { id: 'broken', title: 'Broken', run: () => Promise.reject(new Error('it broke')) }
  const reported: string[] = []
  const results = await runPreflight([slow, quick, broken], context, ({ id }) => reported.push(id))
  expect(results.map(({ id, status }) => `${id} ${status}`)).toEqual(['slow warn', 'quick ok', 'broken fail'])
  expect(reported.indexOf('quick')).toBeLessThan(reported.indexOf('slow'))
})

test('makes one error of all that failed, with every fix once; warnings are none', () => {
  const result = (status: CheckResult['status'], message: string, fix?: string) => ({
    id: message,
    title: '',
    status,
    message,
    ms: 1,
    ...(fix ? { fix } : {}),
  })
  expect(preflightError([result('ok', 'a'), result('warn', 'b', 'x')])).toBeNull()
  const error = preflightError([
    result('fail', 'a', 'x'),
    result('warn', 'b', 'y'),
    result('fail', 'c', 'x'),
    result('fail', 'd', 'z'),
  ])
  expect(error).toMatchObject({ code: 'PREFLIGHT_FAILED', message: 'a\nc\nd', hint: 'x\nz', exitCode: 3 })
})

test('the checks of the cluster mode have different ids, and each ends with a finding on this machine', async () => {
  const results = await runPreflight(clusterChecks, context)
  expect(new Set(results.map(({ id }) => id)).size).toBe(clusterChecks.length)
  for (const { message, status } of results)
    expect([message, ['ok', 'warn', 'fail'].includes(status)]).toEqual([expect.stringMatching(/./), true])
})
