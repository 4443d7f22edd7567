import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyCheckout } from '../lib/checkout.ts'
import { readConfiguration } from '../lib/devcontainerConfiguration.ts'
import { imagesStep, NOTHING_PUSHED } from '../lib/imagesStep.ts'
import { defaultVersions } from '../lib/toolchain.ts'
import { Devcontainer } from './devcontainer.ts'
import { useStandIns } from './standIns.ts'

const checkout = copyCheckout()
const container = new Devcontainer(checkout.root)
let images: readonly string[]
let runId: string

beforeAll(() => {
  const before = readConfiguration(checkout.root)
  images = useStandIns(checkout.root)
  // Nothing but Features is another here.
  expect({ ...readConfiguration(checkout.root), features: null }).toEqual({ ...before, features: null })
  // Root's files would be root's in the container too; another user's become those of the container's user.
  if (process.getuid?.() === 0) execFileSync('chown', ['--recursive', '1000:1000', checkout.root])
})

afterAll(async () => {
  await container.remove()
  checkout.remove()
})

test('a clone becomes a container, without root, with every tool', async () => {
  await container.up('--skip-post-create')
  expect(await container.exec('id', '--user')).not.toBe('0')
  const tools = [...defaultVersions().keys()]
  const found = await container.exec('which', ...tools)
  expect(found.split('\n')).toEqual(tools.map((tool) => `/usr/local/bin/${tool}`))
})

test('its hooks end with a stack that works', async () => {
  if (images.length > 0) await container.load(images)
  await container.up()
  await container.exec('npm', 'run', 'verify')
  runId = await inApplication(`
    const id = await app.start({ title: 'keep me', steps: [{ label: 'one', durationMs: 10, failures: 0 }] })
    await app.untilFinal(id)
    console.log(id)`)
})

test('what is in the registry is not pushed again', async () => {
  const said = await container.exec('npm', 'run', '--silent', 'up', '--', '--json')
  expect(imagesStep(said)).toEqual(NOTHING_PUSHED)
})

test('after a stop everything comes back with its data', async () => {
  await container.stop()
  await container.start()
  await container.up()
  await container.exec('npm', 'run', 'verify')
  await expectRunKept()
})

test('after a rebuild everything comes back with its data', async () => {
  const before = container.id
  await container.exec('bash', '-c', 'echo remembered > /commandhistory/mark')
  await container.up('--remove-existing-container')
  expect(container.id).not.toBe(before)
  await container.exec('npm', 'run', 'verify')
  await expectRunKept()
  expect(await container.exec('cat', '/commandhistory/mark')).toBe('remembered')
})

async function expectRunKept(): Promise<void> {
  const run = await inApplication(`console.log(JSON.stringify(await app.get(${JSON.stringify(runId)})))`)
  expect(JSON.parse(run)).toMatchObject({ title: 'keep me', status: 'completed' })
}

/** Runs a script in the container that has the application as `app`, and returns what it prints. */
async function inApplication(script: string): Promise<string> {
  const module = `
    import { RunsClient } from '@nebula/convex/runsClient'
    const app = new RunsClient('http://127.0.0.1:3210')
    ${script}
    await app.close()`
  return await container.exec('node', '--input-type=module', '--eval', module)
}
