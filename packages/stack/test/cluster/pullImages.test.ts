import { expect, test } from 'vitest'
import { pullImages } from '../../src/cluster/pullImages.ts'
import { fakeTools } from './fakeTools.ts'

const absent = { when: /^docker image inspect/, exitCode: 1 }

test('what the local Docker has is not pulled', async () => {
  const tools = fakeTools([{ when: /inspect .* postgres:16$/, stdout: 'amd64\n' }, absent])
  const result = await pullImages(['postgres:16', 'temporalio/ui:2'])
  expect(result).toEqual({ present: ['postgres:16'], pulled: ['temporalio/ui:2'], failed: [] })
  expect(tools.calls().filter((call) => / pull /.test(call))).toEqual(['docker pull --quiet temporalio/ui:2'])
})

test('what it has for other platforms only is pulled', async () => {
  fakeTools([{ when: /^docker image inspect/, stdout: '\n' }])
  expect(await pullImages(['postgres:16'])).toMatchObject({ present: [], pulled: ['postgres:16'] })
})

test('what is there is asked for all the same where it may be another one, in the Docker that is named', async () => {
  const tools = fakeTools([])
  const docker = ['docker', 'exec', 'c0ffee', 'docker']
  const result = await pullImages(['postgres:16'], { evenIfPresent: true, docker })
  expect(result).toEqual({ present: [], pulled: ['postgres:16'], failed: [] })
  expect(tools.calls()).toEqual(['docker exec c0ffee docker pull --quiet postgres:16'])
})

test('one that cannot be had keeps no other from being pulled', async () => {
  fakeTools([absent, { when: /pull .* gone:1$/, stderr: 'Using default\nmanifest unknown\n', exitCode: 1 }])
  const result = await pullImages(['gone:1', 'there:1', 'there:2', 'there:3', 'there:4'])
  expect(result.failed).toEqual([{ image: 'gone:1', reason: 'manifest unknown' }])
  expect([...result.pulled].sort()).toEqual(['there:1', 'there:2', 'there:3', 'there:4'])
})

test('a registry that cannot be reached is not asked for every image', async () => {
  const images = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `ghcr.io/x/${name}:1`)
  const tools = fakeTools([absent, { when: /pull/, stderr: 'lookup ghcr.io: no such host\n', exitCode: 1 }])
  const result = await pullImages(images)
  expect(result.failed.map(({ image }) => image).sort()).toEqual(images)
  // As many as are asked for at a time.
  expect(tools.calls().filter((call) => / pull /.test(call)).length).toBeLessThanOrEqual(3)
})
