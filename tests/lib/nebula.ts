import { spawn } from 'node:child_process'
import path from 'node:path'

export interface CommandResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  /** stdout and stderr as a terminal would have shown them. */
  readonly output: string
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Called with the process once it runs, to signal it. */
  readonly onStart?: (process: { pid: number; kill: (signal: NodeJS.Signals) => void }) => void
  readonly onOutput?: (chunk: string) => void
}

/** Types one of the repository's commands, `npm run <command> -- <args>`, in a checkout. */
export async function nebula(
  root: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return await run(root, [process.execPath, path.join(root, 'scripts/bootstrap/run.mjs'), ...args], options)
}

/** Runs a program without a shell and returns all it printed, whatever its exit code. */
export async function run(cwd: string, argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [program = '', ...args] = argv
  // What makes output plain; vitest's own variables would change what a started vitest or node does.
  const env = {
    ...process.env,
    CI: '1',
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    NODE_OPTIONS: undefined,
    VITEST: undefined,
    NODE_ENV: undefined,
    ...options.env,
  }
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { stdout: '', stderr: '', output: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8')
    child[name].on('data', (chunk: string) => {
      text[name] += chunk
      text.output += chunk
      options.onOutput?.(chunk)
    })
  }
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('spawn', () => {
      if (child.pid !== undefined) options.onStart?.({ pid: child.pid, kill: (signal) => void child.kill(signal) })
    })
    child.on('close', (exitCode) => resolve({ exitCode, ...text }))
  })
}
