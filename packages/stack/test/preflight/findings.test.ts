import type * as fs from 'node:fs'
import * as files from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { parseCatalogue } from '../../src/catalogue/load.ts'
import { ExitCode } from '../../src/errors/exitCodes.ts'
import { NebulaError } from '../../src/errors/nebulaError.ts'
import { type CheckResult, neededBytes, type PreflightContext, showBytes } from '../../src/preflight/check.ts'
import { diskCheck, embeddedDiskCheck } from '../../src/preflight/disk.ts'
import { measureMemory } from '../../src/preflight/measureMemory.ts'
import { embeddedMemoryCheck, memoryCheck } from '../../src/preflight/memory.ts'
import { preflightError, runPreflight } from '../../src/preflight/run.ts'
import { stateFolderCheck } from '../../src/preflight/stateFolder.ts'
import { catalogueText } from '../catalogue/catalogueText.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof files>()
  return { ...real, statfs: vi.fn(real.statfs) }
})
vi.mock('../../src/preflight/measureMemory.ts', () => ({ measureMemory: vi.fn() }))

const MIB = 2 ** 20
const GIB = 2 ** 30
const context: PreflightContext = {
  root: '/checkout',
  // Its services take 30 MB of memory and 20 MB of disk.
  catalogue: parseCatalogue(catalogueText, 'stack.yaml'),
  ownPorts: new Set(),
}
const running: PreflightContext = { ...context, ownPorts: new Set([1]) }

it('bytes are shown in megabytes, and from a thousand of them on in gigabytes', () => {
  expect([0, 1.4 * MIB, 1023 * MIB, GIB, 1.55 * GIB].map(showBytes)).toEqual([
    '0 MB',
    '1 MB',
    '1023 MB',
    '1.0 GB',
    '1.6 GB',
  ])
  expect(neededBytes(context.catalogue, 'memoryMb')).toBe(30 * MIB)
  expect(neededBytes(context.catalogue, 'diskMb')).toBe(20 * MIB)
})

describe('the disk', () => {
  /** Free and total bytes of folders; the others are not there. */
  function disks(sizes: Record<string, readonly [free: number, total: number]>): void {
    vi.mocked(files.statfs).mockImplementation(async (folder) => {
      const [free, total] = sizes[String(folder)] ?? []
      if (free === undefined || total === undefined) throw new Error('ENOENT')
      // What is read of it.
      return { bavail: free / 1024, blocks: total / 1024, bsize: 1024 } as unknown as fs.BigIntStatsFs & fs.StatsFs
    })
  }
  const needed = 3 * GIB + 20 * MIB
  const prune = 'docker system prune'

  it.each<[string, Record<string, readonly [number, number]>, CheckResult]>([
    ['is large enough', { '/checkout': [10 * GIB, 100 * GIB] }, { status: 'ok', message: '10.0 GB free at /checkout' }],
    [
      'is nearly full',
      { '/checkout': [GIB - 1024, 100 * GIB] },
      { status: 'fail', message: '1024 MB free at /checkout; at least 1.0 GB is needed', fix: prune },
    ],
    [
      'has just enough to keep running',
      { '/checkout': [GIB, GIB] },
      { status: 'warn', message: '1.0 GB free at /checkout; the stack takes up to 3.0 GB', fix: prune },
    ],
    ['has just what is needed', { '/checkout': [needed, 0] }, { status: 'ok', message: '3.0 GB free at /checkout' }],
    [
      'would be so full that pods are stopped',
      { '/checkout': [needed + 5 * GIB, 100 * GIB] },
      {
        status: 'warn',
        message: '8.0 GB free at /checkout; Kubernetes stops pods when less than 5 % of the disk is free',
        fix: prune,
      },
    ],
    [
      'keeps six of a hundred free',
      { '/checkout': [needed + 6 * GIB, 100 * GIB] },
      { status: 'ok', message: '9.0 GB free at /checkout' },
    ],
    [
      'of Docker counts, and the worst of all',
      { '/checkout': [2 * GIB, GIB], '/var/lib/docker': [GIB / 2, GIB], '/var/lib/containerd': [90 * GIB, GIB] },
      { status: 'fail', message: '512 MB free at /var/lib/docker; at least 1.0 GB is needed', fix: prune },
    ],
    [
      'of containerd counts, and a warning before what is well',
      { '/checkout': [90 * GIB, GIB], '/var/lib/containerd': [2 * GIB, GIB] },
      { status: 'warn', message: '2.0 GB free at /var/lib/containerd; the stack takes up to 3.0 GB', fix: prune },
    ],
    ['is unknown', {}, { status: 'warn', message: 'the free space is unknown' }],
  ])('%s', async (_, sizes, result) => {
    disks(sizes)
    expect(await diskCheck.run(context)).toEqual(result)
  })

  it('of a stack that runs has its images already', async () => {
    disks({ '/checkout': [2 * GIB, GIB] })
    expect(await diskCheck.run(running)).toMatchObject({ status: 'ok' })
    expect(await diskCheck.run(context)).toMatchObject({ status: 'warn' })
  })

  it.each<[number | null, CheckResult]>([
    [GIB, { status: 'ok', message: '1.0 GB free at /checkout' }],
    [
      512 * MIB,
      {
        status: 'warn',
        message: '512 MB free at /checkout; at least 1.0 GB is advisable',
        fix: "du -xh --max-depth=2 '/checkout'",
      },
    ],
    [
      50 * MIB,
      {
        status: 'warn',
        message: '50 MB free at /checkout; at least 1.0 GB is advisable',
        fix: "du -xh --max-depth=2 '/checkout'",
      },
    ],
    [
      49 * MIB,
      {
        status: 'fail',
        message: '49 MB free at /checkout; at least 1.0 GB is advisable',
        fix: "du -xh --max-depth=2 '/checkout'",
      },
    ],
    [null, { status: 'warn', message: 'the free space is unknown' }],
  ])('of embedded mode with %s bytes', async (free, result) => {
    disks(free === null ? {} : { '/checkout': [free, GIB] })
    expect(await embeddedDiskCheck.run(context)).toEqual(result)
  })
})

describe('the memory', () => {
  const machine = (total: number, available: number, limitedBy: 'machine' | 'container' = 'machine') =>
    vi.mocked(measureMemory).mockResolvedValue({ total, available, limitedBy })
  const needed = 30 * MIB + GIB

  it('can be too little for ever, for now, or enough', async () => {
    machine(needed - 1, needed - 1)
    expect(await memoryCheck.run(context)).toEqual({
      status: 'fail',
      message: '1.0 GB of memory; the stack takes up to 1.0 GB',
      fix: 'give the container, the virtual machine or Docker Desktop more memory',
    })
    machine(needed, needed - 1, 'container')
    expect(await memoryCheck.run(context)).toEqual({
      status: 'warn',
      message: '1.0 GB of memory available (the limit of this container); the stack takes up to 1.0 GB',
      fix: 'close what is not needed, or give the machine more memory',
    })
    expect(await memoryCheck.run(running)).toMatchObject({ status: 'ok' })
    machine(needed, needed)
    expect(await memoryCheck.run(context)).toEqual({ status: 'ok', message: '1.0 GB of memory available' })
  })

  it('is needed for Kubernetes in cluster mode only', async () => {
    machine(30 * MIB, 30 * MIB)
    expect(await memoryCheck.run(context)).toMatchObject({ status: 'fail' })
    expect(await embeddedMemoryCheck.run(context)).toEqual({ status: 'ok', message: '30 MB of memory available' })
    machine(30 * MIB - 1, 1)
    expect(await embeddedMemoryCheck.run(context)).toMatchObject({ status: 'fail' })
  })
})

it('the state folder is made, for its owner alone, and a file in its place is said', async () => {
  const root = await temporaryFolder()
  const top = path.join(root, '.nebula')
  expect(await stateFolderCheck.run({ ...context, root })).toEqual({
    status: 'ok',
    message: `${top} can be written to`,
  })
  expect((await files.readdir(top, { recursive: true })).sort()).toEqual(['embedded', 'embedded/data', 'logs'])
  expect((await files.stat(path.join(top, 'embedded/data'))).mode & 0o777).toBe(0o700)
  await files.rm(path.join(top, 'logs'), { recursive: true })
  await files.writeFile(path.join(top, 'logs'), '')
  await expect(stateFolderCheck.run({ ...context, root })).rejects.toMatchObject({
    code: 'NOT_WRITABLE',
    hint: expect.stringContaining(top),
  })
})

it('a check that throws has failed, with the way out that its error knows', async () => {
  const check = (error: unknown) => ({ id: 'x', title: 'X', run: () => Promise.reject(error) })
  const known = new NebulaError('no disk', { code: 'NO', hint: 'df' })
  const results = await runPreflight([known, new NebulaError('no', { code: 'NO' }), 'text'].map(check), context)
  const failed = { id: 'x', title: 'X', status: 'fail', ms: expect.any(Number) }
  // Strictly: what has no way out has no empty one either.
  expect(results).toStrictEqual([
    { ...failed, message: 'no disk', fix: 'df' },
    { ...failed, message: 'no' },
    { ...failed, message: 'text' },
  ])
  const error = preflightError(results)
  expect(error?.problems).toStrictEqual([{ message: 'no disk', hint: 'df' }, { message: 'no' }, { message: 'text' }])
  expect(error).toMatchObject({ hint: 'df', exitCode: ExitCode.Precondition, details: results })
  expect(preflightError(results.slice(1))).not.toHaveProperty('hint')
})

it('says how long a check took', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValueOnce(1_000).mockReturnValueOnce(1_250.4)
  onTestFinished(() => now.mockRestore())
  const check = { id: 'x', title: 'X', run: async () => ({ status: 'ok', message: 'y' }) as const }
  expect(await runPreflight([check], context)).toEqual([{ id: 'x', title: 'X', status: 'ok', message: 'y', ms: 250 }])
})
