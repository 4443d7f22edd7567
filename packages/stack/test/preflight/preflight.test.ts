import { expect, test, vi } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { clusterChecks } from '../../src/cluster/preflight.ts'
import type { Check, CheckResult, PreflightContext } from '../../src/preflight/check.ts'
import { diskCheck, embeddedDiskCheck } from '../../src/preflight/disk.ts'
import { dockerCheck } from '../../src/preflight/docker.ts'
import { dockerApiCheck } from '../../src/preflight/dockerApi.ts'
import { embeddedMemoryCheck, memoryCheck } from '../../src/preflight/memory.ts'
import { preflightError, runPreflight } from '../../src/preflight/run.ts'
import { dockerApiVersion } from '../../src/system/dockerEngine.ts'
import { catalogueText } from '../catalogue/catalogueText.ts'
import { onlyPrograms } from './fakePrograms.ts'

const context: PreflightContext = {
  root: import.meta.dirname,
  catalogue: parseCatalogue(catalogueText, 'stack.yaml'),
  ownPorts: new Set(),
}

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
  const stdout = JSON.stringify({ Server: { Version: '27.0.0', ApiVersion: '1.46' } })
  await onlyPrograms({ docker: { without: 'DOCKER_API_VERSION', stdout } })
  vi.stubEnv('DOCKER_API_VERSION', '1.99')
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

test('each check of a mode has a name for programs and one for people', () => {
  const names = (checks: readonly Check[]) => checks.map(({ id, title }) => `${id}: ${title}`)
  expect(names(clusterChecks)).toEqual([
    'docker: Docker',
    'docker-api: Docker API',
    'k3d: k3d',
    'ctlptl: ctlptl',
    'tilt: tilt',
    'kubectl: kubectl',
    'ports: Ports',
    'state-folder: State folder',
    'disk: Disk',
    'memory: Memory',
    'inotify: File watches',
  ])
  expect(names([embeddedDiskCheck, embeddedMemoryCheck])).toEqual(['disk: Disk', 'memory: Memory'])
})

test('each check of the cluster mode ends with a finding on this machine', async () => {
  const results = await runPreflight(clusterChecks, context)
  expect(results).toHaveLength(clusterChecks.length)
  for (const { message, status } of results)
    expect([message, ['ok', 'warn', 'fail'].includes(status)]).toEqual([expect.stringMatching(/./), true])
})
