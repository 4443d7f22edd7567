import path from 'node:path'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import pc from 'picocolors'
import { $ } from 'zx'
import type { RunTool } from './programs.ts'
import { formatMs } from './render/words.ts'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * Runs tools one after the other, one line each; of those that fail, what they said. One that fails does not keep the
 * others from running.
 * @param steps title -> what runs the tool, with a `$` for the repository.
 * @returns failed when one of them failed.
 */
export async function runSteps(steps: Readonly<Record<string, RunTool>>, signal: AbortSignal): Promise<ExitCode> {
  let failed = false
  // Nothing that is run here reports home.
  const env = { ...process.env, DO_NOT_TRACK: '1', TURBO_TELEMETRY_DISABLED: '1' }
  for (const [title, runTool] of Object.entries(steps)) {
    signal.throwIfAborted()
    const output = await runTool($({ cwd: root, env, signal, nothrow: true, quiet: true }))
    signal.throwIfAborted()
    const ok = output.exitCode === 0
    failed ||= !ok
    const mark = ok ? pc.green('✓') : pc.red('✗')
    process.stdout.write(`${mark} ${title.padEnd(24)} ${pc.dim(formatMs(output.duration))}\n`)
    if (!ok) process.stdout.write(`${output.stdall.trimEnd()}\n\n`)
  }
  return failed ? ExitCode.Failed : ExitCode.Green
}
