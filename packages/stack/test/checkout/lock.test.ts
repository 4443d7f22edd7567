import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { acquireLock, lockHolder } from '../../src/checkout/lock.ts'
import { LOCK_FILE } from '../../src/checkout/paths.ts'
import * as files from '../../src/system/files.ts'
import * as waiting from '../../src/system/until.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

// As they are, but for what a test lets happen in between.
vi.mock('../../src/system/files.ts', async (original) => {
  const real = await original<typeof files>()
  return { ...real, createPrivateFile: vi.fn(real.createPrivateFile), readIfThere: vi.fn(real.readIfThere) }
})
vi.mock('../../src/system/until.ts', async (original) => {
  const real = await original<typeof waiting>()
  return { until: vi.fn(real.until) }
})

interface Ending {
  readonly code: number | null
  readonly signal: string | null
  readonly errors: string
}

async function worker(root: string, rounds: number, ending: 'release' | 'die'): Promise<Ending> {
  const argv = [path.join(import.meta.dirname, 'lockWorker.ts'), root, String(rounds), ending]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, errors }
}

test('one holds it, the next is told who, since when and what to do', async () => {
  const root = await temporaryFolder()
  await using lock = await acquireLock(root, 'up')
  const error = await acquireLock(root, 'reset').catch((error: unknown) => error)
  expect(error).toMatchObject({
    code: 'LOCKED',
    exitCode: 3,
    message: expect.stringMatching(new RegExp(`\`up\` is at work .*pid ${process.pid}, since \\d{4}-`)),
    hint: expect.stringContaining(`kill ${process.pid}`),
  })
  expect(await lockHolder(root)).toMatchObject({ pid: process.pid, command: 'up' })
  await lock.release()
})

test('it is free again after its release, and nothing is left', async () => {
  const root = await temporaryFolder()
  {
    await using _ = await acquireLock(root, 'up')
    expect((await stat(path.join(root, LOCK_FILE))).mode & 0o777).toBe(0o600)
  }
  expect(await lockHolder(root)).toBeNull()
  expect(await readdir(path.join(root, '.nebula'))).toEqual([])
  await (await acquireLock(root, 'up')).release()
})

test('a second release does not take the lock from the next holder', async () => {
  const root = await temporaryFolder()
  const first = await acquireLock(root, 'up')
  await first.release()
  await using _ = await acquireLock(root, 'down')
  await first.release()
  expect(await lockHolder(root)).toMatchObject({ command: 'down' })
})

test('what a killed process left is taken over', async () => {
  const root = await temporaryFolder()
  expect(await worker(root, 1, 'die')).toMatchObject({ signal: 'SIGKILL' })
  expect(await readFile(path.join(root, LOCK_FILE), 'utf8')).toContain('race')
  await using _ = await acquireLock(root, 'up')
  expect(await lockHolder(root)).toMatchObject({ command: 'up' })
  expect(await readdir(path.join(root, '.nebula'))).toEqual(['lock'])
})

test.each([
  ['half a file', '{"pid": 1'],
  ['nothing', ''],
  [
    'the pid of another process',
    JSON.stringify({ pid: process.pid, startTime: 'earlier', command: 'up', since: new Date().toISOString() }),
  ],
])('a lock with %s in it is taken over', async (_, content) => {
  const root = await temporaryFolder()
  await (await acquireLock(root, 'up')).release()
  await writeFile(path.join(root, LOCK_FILE), content)
  await using _lock = await acquireLock(root, 'down')
  expect(await lockHolder(root)).toMatchObject({ command: 'down' })
})

/** A lock of nobody, and who may replace it: a process that runs. */
async function deadLock() {
  const root = await temporaryFolder()
  const file = path.join(root, LOCK_FILE)
  const guard = `${file}.${createHash('sha256').update('dead').digest('hex').slice(0, 12)}`
  await using _ = await acquireLock(root, 'another')
  const living = await readFile(file, 'utf8')
  await writeFile(file, 'dead')
  return { root, file, guard, living }
}

test('a dead lock that somebody else is replacing is waited for, and taken when that one has given up', async () => {
  const { root, guard, living } = await deadLock()
  await writeFile(guard, living)
  vi.mocked(waiting.until).mockImplementationOnce(async (isTaken) => {
    expect(await isTaken()).toBe(false)
    await rm(guard)
    return await isTaken()
  })
  await using _ = await acquireLock(root, 'down')
  expect(await lockHolder(root)).toMatchObject({ command: 'down' })
})

test('a dead lock that nobody gets to replace is named after ten seconds, with a way out', async () => {
  const { root, file, guard, living } = await deadLock()
  await writeFile(guard, living)
  vi.mocked(waiting.until).mockImplementationOnce(async (isTaken, { deadlineMs }) => {
    expect(deadlineMs).toBe(10_000)
    return await isTaken()
  })
  await expect(acquireLock(root, 'down')).rejects.toMatchObject({
    code: 'LOCK_STUCK',
    message: `${file} cannot be taken over from a process that is gone`,
    hint: `rm ${file}*`,
  })
})

test('a dead lock that somebody has replaced since it was looked at is theirs', async () => {
  const { root, file, living } = await deadLock()
  const { createPrivateFile } = await vi.importActual<typeof files>('../../src/system/files.ts')
  vi.mocked(files.createPrivateFile)
    .mockImplementationOnce(createPrivateFile)
    .mockImplementationOnce(async (guard, content) => {
      await writeFile(file, living)
      return await createPrivateFile(guard, content)
    })
  await expect(acquireLock(root, 'down')).rejects.toMatchObject({ code: 'LOCKED', details: { command: 'another' } })
  expect(await readdir(path.dirname(file))).toEqual(['lock'])
})

test('a lock that is given back between two looks is taken, and one that is gone is given back', async () => {
  const root = await temporaryFolder()
  vi.mocked(files.createPrivateFile).mockResolvedValueOnce(false)
  const lock = await acquireLock(root, 'up')
  const file = path.join(root, LOCK_FILE)
  const content = await readFile(file, 'utf8')
  await rm(file)
  vi.mocked(files.readIfThere).mockResolvedValueOnce(content)
  await lock.release()
})

test('of several processes that race for it, also for a dead one, never two are inside', async () => {
  const root = await temporaryFolder()
  await worker(root, 1, 'die')
  const endings = await Promise.all([
    ...Array.from({ length: 4 }, () => worker(root, 15, 'release')),
    ...Array.from({ length: 4 }, () => worker(root, 3, 'die')),
  ])
  expect(endings.map(({ errors }) => errors).join('')).toBe('')
  expect(endings.map(({ code, signal }) => signal ?? code)).toEqual([
    0,
    0,
    0,
    0,
    'SIGKILL',
    'SIGKILL',
    'SIGKILL',
    'SIGKILL',
  ])
  await using _ = await acquireLock(root, 'up')
  expect(await readdir(path.join(root, '.nebula'))).toEqual(['lock'])
})
