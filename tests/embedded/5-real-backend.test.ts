import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embedded, isAlive, pids, root, statusOf, succeed } from './setup.ts'

/* The Convex backend of the tests: the real one's command line, the stand-in behind it. */
const BACKEND = path.join(root, 'packages/stack/test/embedded/programs/convex-local-backend.mjs')
const env = { CONVEX_LOCAL_BACKEND: BACKEND }
const LOG = path.join(root, '.nebula/logs/convex-backend.log')

/** What the backend has said since it was last started. */
function said(): string {
  return (
    readFileSync(LOG, 'utf8')
      .split(/^── started.*$/m)
      .at(-1) ?? ''
  )
}

beforeAll(async () => {
  await succeed(['down'])
  await succeed(['reset', '--yes', '--no-up'])
})
afterAll(async () => void (await succeed(['down'])))

test('the stand-in has data: the real backend starts without it, and says so; the whole stack works on it', async () => {
  await succeed(['up', '--convex', 'stand-in'])
  await succeed(['down'])
  const up = await succeed(['up'], { env })
  expect(up.stderr).toContain('Convex is empty, its stand-in is not (npm run down; npm run up -- --convex stand-in)')
  expect(up.stderr).toMatch(/Convex: healthy at /)
  expect(await statusOf('convex-backend')).toMatchObject({ program: 'unknown from CONVEX_LOCAL_BACKEND' })
  expect((await statusOf('convex-backend')).standIn).toBeUndefined()
  await succeed(['verify'])
  expect(said()).toContain('Node executor: v24.')
})

test('down drains it; a second start goes on with its data and has nothing to say of it', async () => {
  await succeed(['down'])
  expect(said().match(/Received Ctrl-C signal!/g)).toHaveLength(1)
  expect(said()).toContain('Server successfully shut down.')
  const up = await succeed(['up'], { env })
  expect(up.stderr).not.toContain('has data')
  expect(up.stderr).not.toContain('is newer')
  expect(said()).toContain('convex_local_backend.sqlite3: start 2')
  await succeed(['down'])
})

test('back on the stand-in, its data is there, and that the real one has newer data is said', async () => {
  const up = await succeed(['up', '--convex', 'stand-in'], { env })
  expect(up.stderr).toContain('Convex: the real one is newer (npm run down; npm run up -- --convex real)')
  expect((await statusOf('convex-backend')).standIn).toMatch(/^convex-embedded/)
  await succeed(['down'])
})

test('Ctrl-C twice in a terminal that is attached: it drains all the same, asked once', async () => {
  let kill: (signal: NodeJS.Signals) => void = () => {}
  let interrupts = 0
  let ours: readonly number[] = []
  const up = await embedded(['up', '--attach'], {
    env,
    onStart: (process) => {
      kill = process.kill
    },
    onOutput: (chunk) => {
      if (interrupts === 0 && chunk.includes('Ready in')) {
        interrupts = 1
        const { supervisor, services } = pids()
        ours = [supervisor, ...Object.values(services)]
        kill('SIGINT')
        // The second one of an impatient person: what comes sooner counts as the first one again.
        setTimeout(() => kill('SIGINT'), 600)
      }
    },
  })
  expect(up.exitCode, up.output).toBe(130)
  await expect.poll(() => ours.filter(isAlive), { timeout: 30_000 }).toEqual([])
  expect(ours.length).toBeGreaterThan(3)
  expect(said().match(/Received Ctrl-C signal!/g)).toHaveLength(1)
  expect(said()).toContain('Server successfully shut down.')
})
