import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import * as paths from '../../src/checkout/paths.ts'
import { findRoot, STACK_FILE } from '../../src/checkout/root.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

test('a checkout keeps everything where the checkouts of before kept it', () => {
  const { dataFolder, logFile, ...names } = paths
  expect(names).toMatchObject({
    STATE_FOLDER: '.nebula',
    SECRETS_FILE: '.nebula/secrets.json',
    LOCK_FILE: '.nebula/lock',
    FORWARDED_PORTS_FILE: '.nebula/forwarded.json',
    PROGRAMS_FOLDER: '.nebula/programs',
    LOG_FOLDER: '.nebula/logs',
    TILT_LOG: '.nebula/logs/tilt.log',
    EMBEDDED_FOLDER: '.nebula/embedded',
    DATA_FOLDER: '.nebula/embedded/data',
    STATE_FILE: '.nebula/embedded/state.json',
    SUPERVISE: 'scripts/supervise.ts',
    SUPERVISOR_LOG: '.nebula/logs/supervisor.log',
  })
  expect(dataFolder('/checkout', 'postgres')).toBe('/checkout/.nebula/embedded/data/postgres')
  expect(logFile('/checkout', 'postgres')).toBe('/checkout/.nebula/logs/postgres.log')
})

test('the nearest folder upwards that describes a stack is the root', async () => {
  const outer = await temporaryFolder()
  const inner = path.join(outer, 'a/inner')
  for (const root of [outer, inner]) {
    await mkdir(path.dirname(path.join(root, STACK_FILE)), { recursive: true })
    await writeFile(path.join(root, STACK_FILE), '')
  }
  await mkdir(path.join(inner, 'b/c'), { recursive: true })
  expect(STACK_FILE).toBe('infra/stack.yaml')
  expect(await findRoot(path.join(inner, 'b/c'))).toBe(inner)
  expect(await findRoot(path.join(outer, 'a'))).toBe(outer)
  expect(await findRoot(path.join(inner, 'b/../..'))).toBe(outer)
})

test('outside of a repository it says so, and what to do', async () => {
  const folder = await temporaryFolder()
  await expect(findRoot(folder)).rejects.toMatchObject({
    code: 'NOT_IN_REPOSITORY',
    exitCode: 2,
    message: `${folder} is in no Nebula repository: no infra/stack.yaml in it or above it`,
    hint: 'cd into the repository and run the command again',
  })
})
