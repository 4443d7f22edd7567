import { chmod } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runPreflight } from '../../src/preflight/run.ts'
import { toolChecks } from '../../src/preflight/tools.ts'
import { onPlatform } from '../onPlatform.ts'
import { onlyPrograms } from './fakePrograms.ts'

const good = {
  k3d: { args: ['version'], stdout: 'k3d version v5.9.0\nk3s version v1.32.5-k3s1 (default)\n' },
  ctlptl: { args: ['version'], stdout: 'v0.9.3, built 2026-04-23\n' },
  tilt: { args: ['version'], stdout: 'v0.37.0, built 2026-07-28\n' },
  kubectl: { args: ['version', '--client'], stdout: 'Client Version: v1.30.0+k3s1\nKustomize Version: v5.8.1\n' },
}
const runTools = async () =>
  Object.fromEntries(
    (await runPreflight(toolChecks, { root: '/', catalogue: { platform: [], services: [] }, ownPorts: new Set() })).map(
      (result) => [result.id, result],
    ),
  )

test('all there and new enough', async () => {
  await onlyPrograms(good)
  const results = await runTools()
  expect(Object.values(results).map(({ status, message }) => `${status} ${message}`)).toEqual([
    'ok k3d 5.9.0',
    'ok ctlptl 0.9.3',
    'ok tilt 0.37.0',
    'ok kubectl 1.30.0',
  ])
})

test('too old, broken or of no known version, each with what to do', async () => {
  await onlyPrograms({
    k3d: { stdout: 'k3d version v5.8.3\n' },
    ctlptl: { stdout: 'v0.9.2\n' },
    tilt: { stdout: 'dev build\n' },
    kubectl: { stdout: 'Client Version: v1.4.12\n' },
  })
  const old = await runTools()
  expect(old.k3d).toMatchObject({
    status: 'fail',
    message: 'k3d 5.8.3 is too old: 5.9.0 or newer is needed',
    fix: expect.stringContaining('k3d'),
  })
  expect(old.ctlptl).toMatchObject({ status: 'fail', message: expect.stringContaining('0.9.2 is too old: 0.9.3 or') })
  expect(old.tilt).toMatchObject({ status: 'warn', message: expect.stringContaining('version is unknown (0.37.0 or') })
  expect(old.kubectl).toMatchObject({ status: 'fail', message: expect.stringContaining('1.4.12 is too old') })
  const program = path.join(process.env.PATH ?? '', 'kubectl')
  await chmod(program, 0o644)
  const { kubectl } = await runTools()
  expect(kubectl).toMatchObject({
    status: 'fail',
    message: expect.stringContaining('EACCES'),
    fix: 'kubectl version --client',
  })
})

test.each<[NodeJS.Platform, Record<string, string>]>([
  [
    'linux',
    {
      k3d: 'see https://k3d.io/stable/#installation',
      ctlptl: 'see https://github.com/tilt-dev/ctlptl/blob/main/INSTALL.md',
      tilt: 'see https://docs.tilt.dev/install.html',
      kubectl: 'see https://kubernetes.io/docs/tasks/tools',
    },
  ],
  [
    'darwin',
    {
      k3d: 'brew install k3d',
      ctlptl: 'brew install tilt-dev/tap/ctlptl',
      tilt: 'brew install tilt-dev/tap/tilt',
      kubectl: 'brew install kubectl',
    },
  ],
])('where none is there, it says how to get each on %s', async (platform, fixes) => {
  onPlatform(platform)
  await onlyPrograms({})
  const found = await runTools()
  expect(Object.keys(found)).toEqual(Object.keys(fixes))
  for (const [name, fix] of Object.entries(fixes)) {
    const message = `${name} is not installed, or not on PATH`
    expect(found[name]).toMatchObject({ title: name, status: 'fail', message, fix })
  }
})
