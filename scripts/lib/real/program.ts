import { $ } from 'zx'
import { groupEnded } from '../programs.ts'

export interface ProgramOptions {
  readonly cwd: string
  readonly deadlineMs: number
  readonly signal?: AbortSignal
  readonly env?: Readonly<Record<string, string>>
}

export interface ProgramResult {
  /** Null when it was ended: its time was up, or Ctrl-C came. */
  readonly exitCode: number | null
  readonly stdout: string
  /** stdout and stderr as a terminal would have shown them. */
  readonly output: string
  readonly timedOut: boolean
}

/** A program that is told to end has to undo things: `up` lets k3d finish or go. */
const GRACE_MS = 30_000
/** What npm tells the scripts that it runs, and what a person has set for this checkout: neither is the copy's. */
const OURS = /^(npm_(?!config_)|npm_config_(local_prefix|loglevel)$|NEBULA_|INIT_CWD$)/i

/**
 * Runs a program as a person would in a new terminal, in plain words, and returns what it said, whatever its exit code.
 * When the signal aborts, it is told to end.
 */
export async function runProgram(argv: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  options.signal?.throwIfAborted()
  const inherited = Object.entries(process.env).filter(([name]) => !OURS.test(name))
  const env = { ...Object.fromEntries(inherited), CI: '1', NO_COLOR: '1', DO_NOT_TRACK: '1', ...options.env }
  // A group of its own: Ctrl-C reaches it through `groupEnded` alone, once.
  const running = $({ cwd: options.cwd, env, detached: true, nothrow: true, quiet: true, stdio: 'pipe' })`${argv}`
  running.stdin.end()
  const { output, timedOut } = await groupEnded(running, { ...options, graceMs: GRACE_MS })
  const { exitCode, signal, stdout, stdall } = output
  return { exitCode: signal || timedOut ? null : exitCode, stdout, output: stdall, timedOut }
}
