import { spawn } from 'node:child_process'
import path from 'node:path'
import { ExitCode } from '@nebula/stack/errors/exitCodes'

/** Runs another command of this folder in a process of its own, with this terminal, and returns its exit code. */
export async function runScript(name: string, args: readonly string[]): Promise<ExitCode> {
  const script = path.resolve(import.meta.dirname, '..', `${name}.ts`)
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return Object.values(ExitCode).find((known) => known === code) ?? ExitCode.Failed
}
