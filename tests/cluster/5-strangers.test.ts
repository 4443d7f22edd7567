import path from 'node:path'
import { allEndpoints } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { STACK_FILE } from '@nebula/stack/checkout/root'
import { beforeAll, expect } from 'vitest'
import { run } from '../lib/nebula.ts'
import { type StrangerTarget, strangerTests } from '../lib/strangerTests.ts'
import { localPort, root, succeed } from './setup.ts'

let target: StrangerTarget

beforeAll(async () => {
  await succeed(['up', '--mode', 'cluster'])
  const endpoints = allEndpoints(await loadCatalogue(path.join(root, STACK_FILE)))
  target = {
    // The published Convex lets every page in, its stand-in does not.
    endpoints: endpoints.filter(({ owner }) => owner !== 'convex-backend'),
    morePorts: [],
    convexUrl: `http://127.0.0.1:${localPort('convex-backend', 'api')}`,
    temporal: `127.0.0.1:${localPort('temporal', 'grpc')}`,
    open: {
      toPages: ['fetch nebula-worker.health'],
      toFrames: ['nebula-worker.health', 'registry.api', 'tilt.ui'],
      toNames: ['nebula-worker.health', 'registry.api', 'temporal-ui.ui', 'tilt.ui'],
    },
    facts: async () => ({ deployed: await lastDeployment(), images: await imagesOfStrangers() }),
  }
})

strangerTests(() => target)

/** When Tilt last ran what a stranger asks it to run. */
async function lastDeployment(): Promise<string> {
  const format = 'jsonpath={.status.buildHistory[0].startTime}'
  const { exitCode, stdout, output } = await run(root, ['tilt', 'get', 'uiresource', 'convex-functions', '-o', format])
  expect(exitCode, output).toBe(0)
  return stdout
}

async function imagesOfStrangers(): Promise<readonly string[]> {
  const response = await fetch(`http://127.0.0.1:${localPort('registry', 'api')}/v2/_catalog`)
  const { repositories } = (await response.json()) as { repositories: readonly string[] }
  return repositories.filter((name) => name.includes('stranger'))
}
