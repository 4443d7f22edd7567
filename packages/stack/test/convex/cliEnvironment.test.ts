import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeCliEnvironment } from '../../src/convex/cliEnvironment.ts'
import { temporaryFolder } from '../temporaryFolder.ts'

const env = { CONVEX_SELF_HOSTED_URL: 'http://127.0.0.1:3210', CONVEX_SELF_HOSTED_ADMIN_KEY: 'nebula|1' }

test('only its owner can read the file', async () => {
  const folder = await temporaryFolder()
  await writeCliEnvironment(folder, env)
  expect((await stat(path.join(folder, '.env.local'))).mode & 0o777).toBe(0o600)
})

test('what else is in the file stays, and a second time changes nothing', async () => {
  const folder = await temporaryFolder()
  const file = path.join(folder, '.env.local')
  await writeFile(file, 'MINE=1')
  await writeCliEnvironment(folder, env)
  const { mtimeMs } = await stat(file)
  const once = await readFile(file, 'utf8')
  expect(once).toMatch(/^MINE=1\n/)
  await writeCliEnvironment(folder, env)
  expect(await readFile(file, 'utf8')).toBe(once)
  expect((await stat(file)).mtimeMs).toBe(mtimeMs)
})

test('another key takes the place of the one before', async () => {
  const folder = await temporaryFolder()
  await writeCliEnvironment(folder, env)
  await writeCliEnvironment(folder, { ...env, CONVEX_SELF_HOSTED_ADMIN_KEY: 'nebula|2' })
  const text = await readFile(path.join(folder, '.env.local'), 'utf8')
  expect(text.match(/ADMIN_KEY=.*/g)).toEqual(['ADMIN_KEY=nebula|2'])
})
