import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { run } from '../lib/nebula.ts'
import { addresses, embedded, isAlive, pids, root, statusOf, succeed } from './setup.ts'

const POLL = { timeout: 60_000, interval: 300 }

beforeAll(async () => void (await succeed(['up'])))

async function ask(name: string): Promise<unknown> {
  const body = JSON.stringify({ path: name, format: 'json', args: {} })
  const response = await fetch(`${addresses().convexUrl}/api/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return ((await response.json()) as { value?: unknown }).value
}

test('a Convex function with a syntax error: the running ones stay, the error names file and line', async () => {
  const file = path.join(root, 'packages/convex/convex/added.ts')
  const good =
    "import { query } from './_generated/server'\n\nexport const greet = query({ args: {}, handler: async () => 'hello' })\n"
  try {
    writeFileSync(file, good)
    await expect.poll(() => ask('added:greet'), POLL).toBe('hello')
    writeFileSync(file, `${good}export const broken = query({ args: {}, handler: async () => \n`)
    await expect.poll(async () => (await statusOf('convex-functions')).state, POLL).toBe('failed')
    expect(await ask('added:greet')).toBe('hello')
    const reason =
      /runs the version of \d\d:\d\d; the newer one failed: packages\/convex\/convex\/added\.ts:5:0: Unexpected end of file/
    expect((await statusOf('convex-functions')).error).toMatch(reason)
    const up = await embedded(['up'])
    expect(up.exitCode, up.output).toBe(5)
    expect(up.stderr).toMatch(reason)
    writeFileSync(file, `${good}throw new Error('no settings')\n`)
    const place = 'packages/convex/convex/added.ts:4:7: Uncaught Error: no settings'
    await expect.poll(async () => (await statusOf('convex-functions')).error, POLL).toContain(place)
    expect((await embedded(['logs', 'convex-functions'])).stdout).toContain(place)
  } finally {
    rmSync(file)
  }
  await expect.poll(async () => (await statusOf('convex-functions')).state, POLL).toBe('completed')
})

test('a worker that does not compile is said to have failed, with the place; mended, it runs again by itself', async () => {
  const file = path.join(root, 'apps/worker/src/worker.ts')
  const source = readFileSync(file, 'utf8')
  writeFileSync(file, `${source}\nexport const broken = (\n`)
  try {
    await expect.poll(async () => (await statusOf('nebula-worker')).state, POLL).toBe('failed')
    const up = await embedded(['up'])
    expect(up.exitCode, up.output).toBe(5)
    expect(up.stderr).toMatch(/worker\.ts:\d+/)
  } finally {
    writeFileSync(file, source)
  }
  await expect.poll(async () => (await statusOf('nebula-worker')).state, POLL).toBe('healthy')
})

test('a workflow that throws when it is loaded is said with its place, instead of runs that never end', async () => {
  const file = path.join(root, 'apps/worker/src/workflows/run.ts')
  const source = readFileSync(file, 'utf8')
  writeFileSync(file, `${source}\nthrow new Error('no settings')\n`)
  try {
    const place = /^apps\/worker\/src\/workflows\/run\.ts:\d+:7: Error: no settings/
    await expect.poll(async () => (await statusOf('nebula-worker')).error, POLL).toMatch(place)
  } finally {
    writeFileSync(file, source)
  }
  await expect.poll(async () => (await statusOf('nebula-worker')).state, POLL).toBe('healthy')
})

test('editing an activity runs the new code', async () => {
  const file = path.join(root, 'apps/worker/src/activities.ts')
  const source = readFileSync(file, 'utf8')
  writeFileSync(file, `${source}\nprocess.stderr.write('edited\\n')\n`)
  try {
    const said = async () => (await embedded(['logs', 'nebula-worker', '--tail', '50'])).stdout
    await expect.poll(said, POLL).toContain('edited')
  } finally {
    writeFileSync(file, source)
  }
  await succeed(['up'])
  await succeed(['verify'])
})

for (const [id, file] of [
  ['temporal', 'temporal.sqlite'],
  ['convex-backend', 'convex.sqlite'],
] as const) {
  test(`${id}: a corrupt database is said to be one, and reset is offered`, async () => {
    await succeed(['down'])
    const database = path.join(root, '.nebula/embedded/data', id, file)
    expect(existsSync(database), database).toBe(true)
    writeFileSync(database, 'this is no database, it is a text that somebody wrote over it\n'.repeat(200))
    for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true })
    const up = await embedded(['up'])
    expect(up.exitCode, up.output).toBe(5)
    expect(up.stderr).toContain('npm run reset')
    await succeed(['reset', '--yes'])
    await succeed(['verify'])
  })
}

test('reset asks first, and without anybody to ask it does nothing', async () => {
  const reset = await embedded(['reset'])
  expect(reset.exitCode).toBe(2)
  expect(reset.stderr).toContain('.nebula/embedded/data')
  await succeed(['verify'])
})

test('a state that was deleted hides nothing: down still finds what runs', async () => {
  await succeed(['up'])
  const { supervisor, services } = pids()
  rmSync(path.join(root, '.nebula/embedded/state.json'))
  await succeed(['down'])
  expect([supervisor, ...Object.values(services)].filter(isAlive)).toEqual([])
})

test('of a checkout that is moved away nothing goes on running', async () => {
  await succeed(['up'])
  const { supervisor, services } = pids()
  const elsewhere = `${root} elsewhere`
  renameSync(root, elsewhere)
  try {
    await expect.poll(() => [supervisor, ...Object.values(services)].filter(isAlive), POLL).toEqual([])
    expect(existsSync(root)).toBe(false)
  } finally {
    renameSync(elsewhere, root)
  }
  await succeed(['up'])
})

test('a data folder that this user cannot write to is named, with the command that helps, and nothing starts', async () => {
  await succeed(['down'])
  const folder = path.join(root, '.nebula/embedded/data')
  const isRoot = process.getuid?.() === 0
  // Nothing is read-only for root: somebody else has to try.
  const parents = [path.dirname(root), root]
  if (isRoot) for (const parent of parents) chmodSync(parent, 0o755)
  else chmodSync(folder, 0o500)
  const other = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  try {
    const up = await run(root, [...other, process.execPath, 'scripts/up.ts', '--mode', 'embedded'])
    expect(up.exitCode, up.output).toBe(3)
    expect(up.stderr).toMatch(/\.nebula.* cannot be written to: permission denied/)
    expect(up.stderr).toContain('chown')
    expect(up.stderr).not.toContain('bug')
  } finally {
    if (!isRoot) chmodSync(folder, 0o700)
  }
  await succeed(['up'])
})
