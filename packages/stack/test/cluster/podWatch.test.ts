import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PodWatch } from '../../src/cluster/podWatch.ts'
import { clusterDefinition as definition } from './clusterDefinition.ts'
import { fakeTools } from './fakeTools.ts'

const recorded = (name: string) => readFileSync(path.join(import.meta.dirname, 'pods', `${name}.json`), 'utf8')
const GET = /^kubectl --context k3d-nebula -n nebula get /

test('a container that crashed says itself why', async () => {
  const { calls } = fakeTools([
    { when: GET, stdout: recorded('crash') },
    { when: /logs x-crash-\S+ -c main/, stdout: 'starting\nerror: no settings\n' },
  ])
  const watch = new PodWatch(definition, ['x-crash', 'x-other'])
  const troubles = await watch.look()
  expect([...troubles.keys()]).toEqual(['x-crash'])
  expect(troubles.get('x-crash')?.summary).toBe('main exited with code 3: error: no settings')
  // Once a second at most, and the log of a run once.
  await watch.look()
  expect(calls()).toHaveLength(2)
})

test('the lines of a container that runs again are those of the run before', async () => {
  fakeTools([
    { when: GET, stdout: recorded('init-runs-again') },
    { when: /logs x-init-\S+ -c setup --tail \d+ --previous/, stdout: 'cannot find the database\n' },
  ])
  const watch = new PodWatch(definition, ['x-init'])
  const trouble = (await watch.look()).get('x-init')
  expect(trouble?.summary).toBe('init container setup exited with code 1: cannot find the database')
  expect(trouble && (await watch.lastLines(trouble, 5))).toEqual(['cannot find the database'])
})

test('a program for another processor shows in what the container said', async () => {
  fakeTools([
    { when: GET, stdout: recorded('wrong-architecture') },
    { when: /logs x-alien/, stdout: 'exec /alien: exec format error\n' },
  ])
  const trouble = (await new PodWatch(definition, ['x-alien']).look()).get('x-alien')
  expect(trouble).toMatchObject({
    kind: 'wrong-architecture',
    summary: '/alien is built for another processor architecture',
    hopeless: true,
  })
})

test('where no container ran, the last lines are what Kubernetes said', async () => {
  fakeTools([{ when: GET, stdout: recorded('no-such-image') }])
  const watch = new PodWatch(definition, ['x-notfound'])
  const trouble = (await watch.look()).get('x-notfound')
  expect(trouble && (await watch.lastLines(trouble, 5))).toEqual([
    'ErrImagePull: 127.0.0.1:5000/temporalio/ui:0.0.0: not found',
  ])
})

test('a log that is gone with its container is no log', async () => {
  fakeTools([
    { when: GET, stdout: recorded('crash') },
    { when: /logs x-crash/, stdout: 'unable to retrieve container logs for containerd://0123' },
  ])
  const trouble = (await new PodWatch(definition, ['x-crash']).look()).get('x-crash')
  expect(trouble?.summary).toBe('main exited with code 3')
})

test('a cluster that does not answer is no trouble of a service', async () => {
  fakeTools([{ when: GET, exitCode: 1, stderr: 'connection refused' }])
  expect(await new PodWatch(definition, ['x-crash']).look()).toEqual(new Map())
})
