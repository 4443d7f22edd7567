import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runTier } from '../../scripts/lib/tiers/runTier.ts'
import { repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** The totals of a unit tier that consists of these files. */
async function totalsOf(files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const root = mkdtempSync(path.join(tmpdir(), 'nebula-tiers-'))
  folders.push(root)
  mkdirSync(path.join(root, 'tests/unit'), { recursive: true })
  symlinkSync(path.join(repository, 'node_modules'), path.join(root, 'node_modules'))
  writeFileSync(path.join(root, 'package.json'), '{"type":"module"}')
  writeFileSync(
    path.join(root, 'vitest.config.ts'),
    `export default { test: { projects: [{ test: { name: 'unit', include: ['tests/unit/*.test.ts'] } }] } }`,
  )
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(
      path.join(root, 'tests/unit', `${name}.test.ts`),
      `import { beforeAll, describe, expect, test } from 'vitest'\n${text}`,
    )
  }
  return await runTier('unit', { root, args, signal: AbortSignal.timeout(60_000), quiet: true })
}

test('passed, failed and skipped tests are counted', async () => {
  const totals = await totalsOf({
    one: `test('a', () => {}); test('b', () => { expect(1).toBe(2) }); test.skip('c', () => {}); test.todo('d')`,
    two: `test('e', () => {})`,
  })
  expect(totals).toEqual({ passed: 2, failed: 1, skipped: 2 })
})

test('a file that cannot be imported is a failure', async () => {
  const totals = await totalsOf({ one: `import 'no-such-package'`, two: `test('a', () => {})` })
  expect(totals).toEqual({ passed: 1, failed: 1, skipped: 0 })
})

test('a hook that fails is a failure', async () => {
  const totals = await totalsOf({
    one: `describe('x', () => { beforeAll(() => { throw new Error('no') }); test('a', () => {}) })`,
  })
  expect(totals.passed).toBe(0)
  expect(totals.failed).toBe(1)
})

test('an error that nobody waits for is a failure, though every test passed', async () => {
  const totals = await totalsOf({
    one: `test('a', async () => { void Promise.reject(new Error('lost')); await new Promise((r) => setTimeout(r, 20)) })`,
  })
  expect(totals).toEqual({ passed: 1, failed: 1, skipped: 0 })
})

test('a test file whose process dies is a failure', async () => {
  const totals = await totalsOf({
    one: `test('a', () => { process.kill(process.pid, 'SIGKILL') })`,
    two: `test('b', () => {})`,
  })
  expect(totals.passed).toBe(1)
  expect(totals.failed).toBeGreaterThan(0)
})

test('a vitest that does not start is a failure', async () => {
  expect(await totalsOf({}, ['--no-such-flag'])).toEqual({ passed: 0, failed: 1, skipped: 0 })
})

/** Types `npm test -- <args>`, without the bootstrap. */
async function npmTest(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const result = await run(repository, [process.execPath, 'scripts/test.ts', ...args], {
    env: { NO_COLOR: '1', ...env },
  })
  return { ...result, lines: result.stdout.trimEnd().split('\n') }
}

test('a tier whose needs are not met is skipped with the reason, and fails when it is demanded', async () => {
  const nothing = { PATH: '/nonexistent' }
  const skipped = await npmTest(['--tier', 'cluster,devcontainer', '--require', ''], nothing)
  expect(skipped.lines.join('\n')).toMatch(/cluster +skipped: .*Docker is not installed/)
  expect(skipped.lines.join('\n')).toMatch(/devcontainer +skipped: Docker is not installed/)
  for (const demand of [
    await npmTest(['--tier', 'cluster', '--require', 'cluster'], nothing),
    await npmTest(['--tier', 'cluster'], { ...nothing, NEBULA_REQUIRE_TIERS: 'cluster' }),
  ]) {
    expect(demand.exitCode).toBe(1)
    expect(demand.lines.join('\n')).toMatch(/cluster +had to run and was skipped: .*Docker is not installed/)
    expect(demand.lines.at(-1)).toBe('0 passed, 1 failed')
  }
})

test('a filter that fits nothing fails: no test ran', async () => {
  const result = await npmTest(['--tier', 'unit', '--require', '', 'no-such-file'])
  expect(result.exitCode).toBe(1)
  expect(result.output).toContain('no test ran')
})

test('a tier that there is not is a usage error that names the one that was meant', async () => {
  const result = await npmTest(['--tier', 'clutser'])
  expect(result.exitCode).toBe(2)
  expect(result.stderr).toContain('did you mean cluster?')
})

test('the last line holds the totals, and what follows -- goes to vitest', async () => {
  const result = await npmTest(['--tier', 'unit', '--require', '', '--', 'references', '--reporter=dot'])
  expect(result.exitCode, result.output).toBe(0)
  expect(result.lines.at(-1)).toMatch(/^[1-9]\d* passed, 0 failed$/)
  expect(result.lines.at(-2)).toMatch(/unit +\d+ passed, 0 failed in /)
})
