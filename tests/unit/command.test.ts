import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { type CommandOptions, run } from '../lib/nebula.ts'

// Inside of the repository, so that its packages resolve; git ignores it.
const state = path.join(repository, '.nebula')
mkdirSync(state, { recursive: true })
const folder = mkdtempSync(path.join(state, 'command-test-'))
const helper = pathToFileURL(path.join(repository, 'scripts/lib/command.ts'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a command whose action is `body`, which has `options` and `signal`. */
async function runCommand(body: string, args: readonly string[] = [], options?: CommandOptions) {
  const file = path.join(mkdtempSync(path.join(folder, 'x')), 'command.ts')
  writeFileSync(
    file,
    `import { setTimeout as sleep } from 'node:timers/promises'
     import { NebulaError } from '@nebula/stack/errors/nebulaError'
     import { command, interruptible, main } from '${helper}'
     const program = command('example', 'An example')
       .option('--timeout <seconds>', 'how long', '10')
       .action((options) => interruptible(async (signal) => { ${body} }))
     await main(program)`,
  )
  return await run(repository, [process.execPath, file, ...args], options)
}

test('an action without an exit code ends with 0, one with it with that', async () => {
  expect((await runCommand('return undefined')).exitCode).toBe(0)
  expect((await runCommand('return 4')).exitCode).toBe(4)
})

test('an option that there is not is a usage error, and the one that was meant is named', async () => {
  const result = await runCommand('return undefined', ['--timeuot', '3'])
  expect(result.exitCode).toBe(2)
  expect(result.stderr).toContain('Did you mean --timeout?')
  expect(result.stderr).toContain('npm run example -- --help')
  expect(result.stdout).toBe('')
})

test('help goes to stdout and is a success', async () => {
  const result = await runCommand('return 1', ['--help'])
  expect(result.exitCode).toBe(0)
  expect(result.stdout).toContain('--timeout <seconds>')
})

test('an expected error is one line with what to do, and its own exit code', async () => {
  const body = `throw new NebulaError('the port is taken', { code: 'X', hint: 'npm run down', exitCode: 3 })`
  const result = await runCommand(body, [], { env: { NO_COLOR: '1', FORCE_COLOR: undefined } })
  expect(result.exitCode).toBe(3)
  expect(result.stderr).toBe('✗ the port is taken\n→ npm run down\n')
})

test('an unexpected error is called a bug, and --verbose shows where it came from', async () => {
  const short = await runCommand(`throw new TypeError('x is undefined')`)
  expect(short.exitCode).toBe(1)
  expect(short.stderr).toContain('x is undefined')
  expect(short.stderr).toContain('a bug')
  expect(short.stderr).not.toContain('command.ts:')
  const long = await runCommand(`throw new TypeError('x is undefined')`, ['--verbose'])
  expect(long.stderr).toContain('command.ts:')
})

/** Sends SIGINT when the command says `ready`, `times` times at once, and then again when it says `again`. */
async function interrupt(body: string, times = 1) {
  let kill = (_: NodeJS.Signals) => {}
  return await runCommand(body, [], {
    onStart: (child) => {
      kill = child.kill
    },
    onOutput: (chunk) => {
      if (chunk.includes('ready')) for (let time = 0; time < times; time += 1) kill('SIGINT')
      if (chunk.includes('again')) kill('SIGINT')
    },
  })
}

test.each([1, 2])(
  'Ctrl-C that comes %d times at once lets the command clean up, and it ends with 130',
  async (times) => {
    const body = `console.log('ready')
    await sleep(60_000, undefined, { signal }).catch(() => {})
    await sleep(100)
    console.log('cleaned up')
    signal.throwIfAborted()
    return undefined`
    const result = await interrupt(body, times)
    expect(result.stdout).toContain('cleaned up')
    expect(result.stderr).toContain('interrupted')
    expect(result.exitCode).toBe(130)
  },
)

test('a second Ctrl-C ends a command that takes its time', async () => {
  const body = `console.log('ready')
    await sleep(60_000, undefined, { signal }).catch(() => {})
    setInterval(() => console.log('again'), 100)
    await sleep(60_000)
    return undefined`
  const result = await interrupt(body)
  expect(result.exitCode).toBe(130)
})
