import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

/** Runs a hook of the devcontainer as a user whose PATH has no Docker. */
async function runHook(name: string) {
  const home = mkdtempSync(path.join(tmpdir(), 'nebula-home-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const argv = [process.execPath, path.join(repository, 'scripts', `${name}.ts`)]
  return await run(repository, argv, { env: { PATH: home, HOME: home } })
}

test.each(['on-create', 'update-content', 'post-create'])(
  '%s lets the hooks after it run, whatever is missing',
  async (name) => {
    const result = await runHook(name)
    expect(result.exitCode, result.output).toBe(0)
    expect(result.output).toMatch(/Docker is not installed/)
  },
)

test.each(['post-create', 'post-start'])('%s says what to type when the stack is not up', async (name) => {
  const { output } = await runHook(name)
  expect(output).toMatch(/just doctor/)
  expect(output).toMatch(/just up/)
})

test('post-start, the last of them, ends with what is the case', async () => {
  expect((await runHook('post-start')).exitCode).toBe(3)
})
