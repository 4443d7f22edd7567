import { spawn } from 'node:child_process'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { lastLines } from './text.ts'

export interface ExecOptions {
  readonly cwd?: string | undefined
  /** Variables beside this process' own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  readonly input?: string | undefined
  /** Milliseconds after which the program is ended and an error thrown; null when it may go on for ever. */
  readonly timeoutMs?: number | null | undefined
  readonly signal?: AbortSignal | undefined
  /** The program starts others that have to end with it. */
  readonly group?: boolean | undefined
  /** Called with every line of stdout and stderr as it comes. */
  readonly onLine?: ((line: string) => void) | undefined
  /** False for a program that talks for hours: its lines go to `onLine` alone, and the result has none. Default: true. */
  readonly keepOutput?: boolean | undefined
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const DEFAULT_TIMEOUT_MS = 60_000
/** Far more than anybody here asks for; a string of more than twice that cannot be made, which would end the process. */
const MAX_OUTPUT = 200_000_000

/**
 * Runs a program without a shell and returns its output, whatever its exit code.
 *
 * It stands beside zx's `$`, with which scripts run programs, and not on it. Measured with zx 8.8 on Node.js 24:
 * - a call takes 2 ms; through `$`, which always starts a shell, 4 ms. Loading zx takes a command 60 ms, `zx/core` 20 ms
 * - who aborts, or whose time is up, goes on at once; `$` waits for the program, for ever when it ignores its end
 * - with `group` all that the program has started ends too; `$` leaves the rest of a pipeline and children behind
 * - input that a program does not read is dropped; with `$` the EPIPE is an error that nobody can catch
 * - a program that is missing is told from one that fails; in a shell both are exit codes
 *
 * @throws NebulaError when the program is not there, takes longer than `timeoutMs` or says too much, and what the signal
 *   was aborted with.
 */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program, ...args] = argv
  if (program === undefined) throw new TypeError('exec needs a program')
  const { timeoutMs = DEFAULT_TIMEOUT_MS, keepOutput = true } = options
  const timeout = timeoutMs === null ? undefined : AbortSignal.timeout(timeoutMs)
  const tooMuch = new AbortController()
  const signals = [options.signal, timeout, tooMuch.signal].filter((signal) => signal !== undefined)
  const signal = AbortSignal.any(signals)
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
      if (keepOutput) output[name] += chunk
      if (output[name].length > MAX_OUTPUT) tooMuch.abort()
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
      if (options.signal?.aborted) reject(options.signal.reason)
      else if (timeout?.aborted) reject(tookTooLong(argv, timeoutMs ?? 0))
      else reject(tooMuch.signal.aborted ? saidTooMuch(argv) : spawnError(argv, error))
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

function tookTooLong(argv: readonly string[], timeoutMs: number): NebulaError {
  return new NebulaError(`\`${argv.join(' ')}\` did not end within ${Math.round(timeoutMs / 1000)} s`, {
    code: 'COMMAND_TIMED_OUT',
    exitCode: ExitCode.TimedOut,
  })
}

function saidTooMuch(argv: readonly string[]): NebulaError {
  return new NebulaError(`\`${argv.join(' ')}\` was stopped because it printed more than ${MAX_OUTPUT / 1e6} MB`, {
    code: 'COMMAND_SAID_TOO_MUCH',
  })
}

function spawnError(argv: readonly string[], error: NodeJS.ErrnoException): unknown {
  if (error.code !== 'ENOENT') return error
  return new NebulaError(`${argv[0]} is not installed, or not on PATH`, {
    code: 'TOOL_MISSING',
    hint: 'npm run doctor',
    exitCode: ExitCode.Precondition,
  })
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
