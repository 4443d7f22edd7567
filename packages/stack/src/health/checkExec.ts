import { exec } from '../system/exec.ts'
import { lastLines } from '../system/text.ts'
import type { Finding } from './probe.ts'

export interface CheckExecOptions {
  readonly cwd: string | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Runs a command without a shell; 0 is ready. */
export async function checkExec(argv: readonly string[], { cwd, ...options }: CheckExecOptions): Promise<Finding> {
  const { exitCode, stderr, stdout } = await exec(argv, { ...options, ...(cwd === undefined ? {} : { cwd }) })
  if (exitCode === 0) return { ok: true }
  const said = lastLines(stderr.trim() || stdout, 1)
  return { ok: false, detail: `\`${argv.join(' ')}\` exited with ${exitCode}${said ? `: ${said}` : ''}` }
}
