import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { identifyProcess } from '@nebula/stack/system/processes'
import { until } from '@nebula/stack/system/until'
import { expect, onTestFinished, test } from 'vitest'
import { repository } from '../lib/checkout.ts'
import { type CommandResult, run } from '../lib/nebula.ts'

const DEADLINE_MS = 20_000

/** Types `desktop-check` where these programs, written in JavaScript, a shell, and no others are there. */
async function check(
  programs: Readonly<Record<string, string>>,
  options: { folder?: string; onStart?: (kill: (signal: NodeJS.Signals) => void) => void } = {},
): Promise<CommandResult> {
  const folder = options.folder ?? temporaryFolder()
  symlinkSync(process.execPath, path.join(folder, 'node'))
  symlinkSync('/bin/bash', path.join(folder, 'bash'))
  for (const [name, script] of Object.entries(programs))
    writeFileSync(path.join(folder, name), `#!${path.join(folder, 'node')}\n${script}\n`, { mode: 0o755 })
  return await run(repository, [process.execPath, 'scripts/desktop-check.ts'], {
    env: { PATH: folder },
    onStart: ({ kill }) => options.onStart?.(kill),
  })
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nebula-native-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const THERE = { rustc: "console.log('rustc 99.0.0')", 'pkg-config': '', 'xcode-select': '' }

test('where a tool is missing, it says what installs it, and that it is this machine that lacks it', async () => {
  const { exitCode, stderr } = await check({ ...THERE, rustc: 'process.exitCode = 1', cargo: '' })
  expect(stderr).toMatch(/Rust is not installed.*rustup\.rs/s)
  expect(exitCode).toBe(3)
})

test.each([
  [0, 0],
  [101, 1],
])('when the tool exits with %i, it exits with %i', async (code, expected) => {
  const { exitCode } = await check({ ...THERE, cargo: `process.exitCode = process.argv[2] === 'check' ? ${code} : 0` })
  expect(exitCode).toBe(expected)
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 130],
  ['SIGHUP', 1],
] as const)('%s ends what the tool started too', async (signal, expected) => {
  const folder = temporaryFolder()
  const pidFile = path.join(folder, 'window.pid')
  // As Tauri's CLI, it leaves its window behind when it is ended.
  const cargo = `
if (process.argv[2] === 'check') {
  const window = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'])
  require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(window.pid))
}`
  const started = Promise.withResolvers<(signal: NodeJS.Signals) => void>()
  const result = check({ ...THERE, cargo }, { folder, onStart: started.resolve })
  const kill = await started.promise
  const pid = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0)
  expect(await until(async () => pid() > 0, { deadlineMs: DEADLINE_MS })).toBe(true)
  onTestFinished(() => {
    try {
      process.kill(pid(), 'SIGKILL')
    } catch {
      // It is gone, as it should be.
    }
  })
  kill(signal)
  expect((await result).exitCode).toBe(expected)
  expect(await identifyProcess(pid())).toBeNull()
})
