import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { RunsClient } from '@nebula/convex/runsClient'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applicationTests, survives } from '../lib/applicationTests.ts'
import { kubectl, localPort, pods, root, succeed } from './setup.ts'

let app: RunsClient
const temporal = `127.0.0.1:${localPort('temporal', 'grpc')}`

beforeAll(async () => {
  await succeed(['up', '--mode', 'cluster'])
  app = new RunsClient(`http://127.0.0.1:${localPort('convex-backend', 'api')}`)
})
afterAll(async () => await app.close())

applicationTests(root, () => ({ app, temporal }))

test('a run whose worker is killed in the middle still ends, once', async () => {
  await survives({ app, temporal }, () =>
    kubectl('delete', 'pod', '-l', 'app=nebula-worker', '--grace-period=0', '--force'),
  )
})

test('editing an activity changes the running worker, without building an image', async () => {
  await succeed(['up', '--mode', 'cluster'])
  const file = path.join(root, 'apps/worker/src/activities.ts')
  const source = readFileSync(file, 'utf8')
  const podBefore = (await pods()).find((pod) => pod.startsWith('nebula-worker'))
  const marker = `edited-${Date.now()}`
  writeFileSync(file, `${source}\nprocess.stderr.write('${marker}\\n')\n`)
  try {
    await expect
      .poll(async () => await kubectl('logs', 'deployment/nebula-worker', '--tail=200'), {
        timeout: 60_000,
        interval: 500,
      })
      .toContain(marker)
  } finally {
    writeFileSync(file, source)
  }
  expect((await pods()).find((pod) => pod.startsWith('nebula-worker'))).toBe(podBefore)
  await succeed(['up', '--mode', 'cluster'])
  await succeed(['verify'])
})

test('editing a Convex function deploys it; a broken one leaves the old ones running and is named', async () => {
  const file = path.join(root, 'packages/convex/convex/added.ts')
  const url = `http://127.0.0.1:${localPort('convex-backend', 'api')}/api/query`
  const ask = async () => {
    const body = JSON.stringify({ path: 'added:greet', format: 'json', args: {} })
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return ((await response.json()) as { value?: unknown }).value
  }
  writeFileSync(
    file,
    "import { query } from './_generated/server'\n\nexport const greet = query({ args: {}, handler: async () => 'hello' })\n",
  )
  await expect.poll(ask, { timeout: 60_000, interval: 500 }).toBe('hello')

  writeFileSync(file, 'export const greet = query({ args: {}, handler: async () => \n')
  await expect
    .poll(async () => await brokenFunctions(), { timeout: 60_000, interval: 500 })
    .toMatchObject({ state: 'failed' })
  expect(await ask()).toBe('hello')
  const { unlinkSync } = await import('node:fs')
  unlinkSync(file)
  await expect.poll(async () => (await brokenFunctions()).state, { timeout: 60_000, interval: 500 }).toBe('completed')
})

async function brokenFunctions(): Promise<{ state: string }> {
  const { nebula } = await import('../lib/nebula.ts')
  const status = JSON.parse((await nebula(root, ['status', '--json'])).stdout)
  return status.services.find((service: { id: string }) => service.id === 'convex-functions')
}
