import { chmod, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { expect, test } from 'vitest'
import { findConvexBackend } from '../../../src/embedded/programs/convexBackend.ts'
import { CONVEX_BACKEND, CONVEX_BACKEND_DATES } from '../../../src/embedded/programs/release.ts'
import { ExitCode } from '../../../src/errors/exitCodes.ts'
import { httpServer } from '../../servers.ts'
import { contentOf, convexScript, emptyMachine, publish, script, serving, writeProgram } from './fakes.ts'

const FITTING = ['precompiled-2026-08-22-aaaaaaa', 'precompiled-2026-09-11-bbbbbbb'] as const

/** How programs for Linux begin, with their processor in the last two bytes. */
const [X64_PROGRAM, ARM64_PROGRAM] = [0x3e, 0xb7].map((machine) =>
  Buffer.from([0x7f, ...Buffer.from('ELF'), 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, machine, 0]),
) as [Buffer, Buffer] // one for each machine

function inConvexCache(home: string, version: string): string {
  return path.join(home, '.cache', 'convex', 'binaries', version, 'convex-local-backend')
}

test('the stand-in is chosen whatever is at hand', async () => {
  const { search, home, checkout } = await emptyMachine()
  const file = await writeProgram(inConvexCache(home, FITTING[0]), convexScript())
  const env = { ...search.env, CONVEX_LOCAL_BACKEND: file }
  expect(await findConvexBackend({ ...search, env, choice: 'stand-in' }, { checkout })).toBeUndefined()
})

test.for(['auto', 'real'] as const)('%s uses the program that CONVEX_LOCAL_BACKEND names', async (choice) => {
  const { search, home, checkout } = await emptyMachine()
  await writeProgram(inConvexCache(home, FITTING[1]), convexScript())
  const file = await writeProgram(path.join(home, 'my backend'), convexScript())
  const env = { ...search.env, CONVEX_LOCAL_BACKEND: file }
  const found = await findConvexBackend({ ...search, env, choice }, { checkout })
  expect(found).toEqual({ path: file, source: 'CONVEX_LOCAL_BACKEND', version: 'unknown' })
})

test.for([
  ['is not there', undefined, 'does not exist'],
  ['is another program', script('echo "Usage: other"'), 'is no Convex backend'],
] as const)('an error names the variable when the program in it %s', async ([, content, said]) => {
  const { search, home, checkout } = await emptyMachine()
  const file = path.join(home, 'backend')
  if (content !== undefined) await writeProgram(file, content)
  const env = { ...search.env, CONVEX_LOCAL_BACKEND: file }
  await expect(findConvexBackend({ ...search, env, choice: 'auto' }, { checkout })).rejects.toMatchObject({
    message: expect.stringMatching(new RegExp(`CONVEX_LOCAL_BACKEND.*${said}`)),
    exitCode: ExitCode.Precondition,
  })
})

test('takes the newest that fits from the cache of the Convex CLI', async () => {
  const { search, home, checkout } = await emptyMachine()
  const versions = [...FITTING, 'precompiled-2026-08-01-ccccccc', 'precompiled-2026-10-22-ddddddd', 'not-a-release']
  for (const version of versions) await writeProgram(inConvexCache(home, version), convexScript())
  const found = await findConvexBackend({ ...search, choice: 'auto' }, { checkout })
  expect(found).toEqual({
    path: inConvexCache(home, FITTING[1]),
    source: 'cache of the Convex CLI',
    version: FITTING[1],
  })
})

test('passes over what does not run in the cache of the Convex CLI', async () => {
  const { search, home, checkout } = await emptyMachine()
  await writeProgram(inConvexCache(home, FITTING[0]), convexScript())
  await writeProgram(inConvexCache(home, FITTING[1]), script('exit 126'))
  const found = await findConvexBackend({ ...search, choice: 'auto' }, { checkout })
  expect(found?.version).toBe(FITTING[0])
})

test('auto says why the stand-in runs where there is a real one that does not', async () => {
  const { search, home, checkout, warnings } = await emptyMachine()
  const newer = inConvexCache(home, FITTING[1])
  await writeProgram(newer, script(`echo "$0: /lib/libc.so.6: version \\\`GLIBC_2.99' not found" >&2; exit 1`))
  const older = await writeProgram(inConvexCache(home, FITTING[0]), convexScript())
  await chmod(older, 0o644)
  expect(await findConvexBackend({ ...search, choice: 'auto' }, { checkout })).toBeUndefined()
  const [newest, next] = warnings[0]?.split('; ') ?? []
  expect(newest).toBe(
    `the stand-in runs: ${newer} does not run on this machine: it needs a newer C library, with GLIBC_2.99`,
  )
  expect(next).toBe(`${older} is not executable: chmod +x '${older}'`)
  expect(warnings).toHaveLength(1)
})

test('auto says nothing of what is not there', async () => {
  const { search, checkout, warnings } = await emptyMachine()
  expect(await findConvexBackend({ ...search, choice: 'auto' }, { checkout })).toBeUndefined()
  expect(warnings).toEqual([])
})

test('a program for another kind of machine is said to be one', async () => {
  const { search, home, checkout } = await emptyMachine()
  const header = process.arch === 'x64' ? ARM64_PROGRAM : X64_PROGRAM
  const file = await writeProgram(path.join(home, 'backend'), header)
  const env = { ...search.env, CONVEX_LOCAL_BACKEND: file }
  await expect(findConvexBackend({ ...search, env, choice: 'auto' }, { checkout })).rejects.toThrow(
    `${file} does not run on this machine: it is built for another kind of machine than ${process.platform}-${process.arch}`,
  )
})

test('auto never downloads; real does, verified, and auto finds it then', async () => {
  const { search, home, checkout, steps } = await emptyMachine()
  await writeProgram(inConvexCache(home, 'precompiled-2026-08-01-ccccccc'), convexScript())
  const published = await publish('convex.zip', CONVEX_BACKEND, convexScript())
  const { release } = published
  const requests: string[] = []
  search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${await httpServer(serving(published, requests))}`

  expect(await findConvexBackend({ ...search, choice: 'auto' }, { release, checkout })).toBeUndefined()
  expect(requests).toEqual([])
  const found = await findConvexBackend({ ...search, choice: 'real' }, { release, checkout })
  expect(found).toMatchObject({ source: 'downloaded, checksum verified', version: CONVEX_BACKEND.version })
  expect(steps[0]).toMatch(/^downloading Convex backend/)
  expect(await findConvexBackend({ ...search, choice: 'auto' }, { release, checkout })).toMatchObject({
    path: found?.path,
    source: 'downloaded, checksum verified, cached',
  })
  expect(requests).toHaveLength(1)
})

test('real ends with every way and its reason, and keeps nothing, when the download is not what was published', async () => {
  const { search, home, checkout, cache } = await emptyMachine()
  await writeProgram(inConvexCache(home, 'precompiled-2026-08-01-ccccccc'), convexScript())
  const published = await publish('convex.zip', CONVEX_BACKEND, convexScript())
  const tampered = { ...published, bytes: Buffer.concat([published.bytes, Buffer.from('x')]) }
  search.env.NEBULA_DOWNLOAD_MIRROR = `http://127.0.0.1:${await httpServer(serving(tampered))}`
  const options = { release: published.release, checkout }
  await expect(findConvexBackend({ ...search, choice: 'real' }, options)).rejects.toMatchObject({
    code: 'CONVEX_BACKEND_MISSING',
    exitCode: ExitCode.Precondition,
    message: expect.stringMatching(
      /CONVEX_LOCAL_BACKEND: not set\n.*cache: nothing in .*\n.*Convex CLI: none in .* fits convex 1.*\n.*download: .*SHA-256/,
    ),
    hint: expect.stringContaining('CONVEX_LOCAL_BACKEND='),
  })
  expect(await contentOf(cache)).toEqual([])
})

test('the releases that fit are those of the convex package that is installed', async () => {
  const application = createRequire(path.resolve(import.meta.dirname, '../../../../convex/package.json'))
  const { version } = JSON.parse(await readFile(application.resolve('convex/package.json'), 'utf8'))
  expect(CONVEX_BACKEND_DATES.package).toBe(version)
  const date = CONVEX_BACKEND.version.slice('precompiled-'.length)
  expect(date >= CONVEX_BACKEND_DATES.from && date < CONVEX_BACKEND_DATES.to).toBe(true)
})
