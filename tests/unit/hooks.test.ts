import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

/** Runs a hook of the devcontainer as a user whose PATH has these programs, as shell scripts, and a shell. */
async function runHook(name: string, programs: Readonly<Record<string, string>> = {}) {
  const home = mkdtempSync(path.join(tmpdir(), 'nebula-home-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  symlinkSync('/bin/bash', path.join(home, 'bash'))
  for (const [program, script] of Object.entries(programs)) {
    writeFileSync(path.join(home, program), `#!/bin/bash\n${script}\n`, { mode: 0o755 })
  }
  const argv = [process.execPath, path.join(repository, 'scripts', `${name}.ts`)]
  return await run(repository, argv, { env: { PATH: home, HOME: home, NO_COLOR: '1', FORCE_COLOR: undefined } })
}

const HOOKS = ['on-create', 'update-content', 'post-create', 'post-start']

/** Fails twice, as while it starts, and has nothing but a version. */
const SLOW_DOCKER = `
echo -n x >> "$HOME/asked"
asked="$(< "$HOME/asked")"
if [ "\${#asked}" -lt 3 ]; then
  echo 'Cannot connect to the Docker daemon' >&2
  exit 1
fi
if [ "$1" = version ]; then echo 29.1.0; else echo 'the disk is full' >&2; exit 1; fi`

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
  expect(output).toMatch(/npm run doctor/)
  expect(output).toMatch(/npm run up/)
  expect(output).not.toMatch(/\bjust\b/)
})

test('post-start, the last of them, ends with what is the case', async () => {
  expect((await runHook('post-start')).exitCode).toBe(3)
})

test.each(HOOKS)('%s waits for a Docker that is about to start', async (name) => {
  const { output } = await runHook(name, { docker: SLOW_DOCKER })
  expect(output).toMatch(/✓ Docker: 29\.1\.0/)
})

test('what a program says when it fails is said in one voice, without a place in our source', async () => {
  const { output, exitCode } = await runHook('update-content', { docker: SLOW_DOCKER })
  expect(output).toMatch(/! Worker image: .*failed with exit code 1:\nthe disk is full/)
  expect(output).not.toMatch(/file:\/\/|\bat /)
  expect(exitCode).toBe(0)
})

test('where the cluster cannot be applied, post-create says why and lets post-start run', async () => {
  const { output, exitCode } = await runHook('post-create', { docker: SLOW_DOCKER })
  expect(output).toMatch(/cluster mode: asked for/)
  expect(output).toMatch(/k3d is not installed/)
  expect(output).toMatch(/the stack in it is not/)
  expect(output).not.toMatch(/file:\/\/|\bat .*\.ts:/)
  expect(exitCode).toBe(0)
})
