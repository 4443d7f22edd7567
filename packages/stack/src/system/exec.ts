import { spawn } from 'node:child_process'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { lastLines } from './text.ts'

export interface ExecOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
  /** Milliseconds after which the program is ended and an error thrown. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
  /** The program starts others that have to end with it. */
  readonly group?: boolean
  /** Called with every line of stdout and stderr as it comes. */
  readonly onLine?: (line: string) => void
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const DEFAULT_TIMEOUT_MS = 60_000

/**
 * Runs a program without a shell and returns its output, whatever its exit code.
 * @throws NebulaError when the program is not there, takes longer than `timeoutMs`, or `signal` aborts.
 */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program, ...args] = argv
  if (program === undefined) throw new TypeError('exec needs a program')
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  signal.throwIfAborted()

  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
    detached: options.group ?? false,
  })
  const endGroup = () => signalGroup(child.pid)
  if (options.group) signal.addEventListener('abort', endGroup)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    const lines = lineSplitter(options.onLine)
    child[name].setEncoding('utf8')
    child[name].on('data', (chunk: string) => {
      output[name] += chunk
      lines.push(chunk)
    })
    child[name].on('end', () => lines.end())
  }
  // A program that ends without reading its input is no error of ours.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')

  return await new Promise<ExecResult>((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      // A program that hangs may ignore its end: neither it nor its pipes may keep this process from ending.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy()
      child.unref()
      reject(spawnError(argv, error, timeout, timeoutMs))
    })
    child.on('close', (code) => resolve({ exitCode: code ?? 1, ...output }))
  }).finally(() => signal.removeEventListener('abort', endGroup))
}

/** Ends what is left of a group, whether its leader is there or not. */
function signalGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGTERM')
  } catch {
    // All of it had ended.
  }
}

/**
 * Runs a program without a shell and returns what it printed to stdout, without the last newline.
 * @throws NebulaError with the end of its stderr when it exits with anything but 0.
 */
export async function execText(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  const result = await exec(argv, options)
  if (result.exitCode === 0) return result.stdout.trimEnd()
  const said = lastLines(result.stderr.trim() || result.stdout, 5)
  throw new NebulaError(`\`${argv.join(' ')}\` failed with exit code ${result.exitCode}${said ? `:\n${said}` : ''}`, {
    code: 'COMMAND_FAILED',
    exitCode: ExitCode.Failed,
  })
}

function spawnError(
  argv: readonly string[],
  error: NodeJS.ErrnoException,
  timeout: AbortSignal,
  timeoutMs: number,
): unknown {
  if (timeout.aborted) {
    return new NebulaError(`\`${argv.join(' ')}\` did not end within ${Math.round(timeoutMs / 1000)} s`, {
      code: 'COMMAND_TIMED_OUT',
      exitCode: ExitCode.TimedOut,
    })
  }
  if (error.code === 'ENOENT') {
    return new NebulaError(`${argv[0]} is not installed, or not on PATH`, {
      code: 'TOOL_MISSING',
      hint: 'npm run doctor',
      exitCode: ExitCode.Precondition,
    })
  }
  return error
}

function lineSplitter(onLine: ((line: string) => void) | undefined) {
  let rest = ''
  return {
    push(chunk: string) {
      if (!onLine) return
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) onLine(line)
    },
    end() {
      if (onLine && rest !== '') onLine(rest)
    },
  }
}
