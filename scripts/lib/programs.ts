import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { attempt } from '@nebula/stack/system/attempt'
import { identifyProcess, terminate } from '@nebula/stack/system/processes'
import { lastLines } from '@nebula/stack/system/text'
import { $, type ProcessOutput, type ProcessPromise, type Shell } from 'zx'

const LAST_LINES = 5

/** zx's `$` for a question to a program: shows nothing, takes any exit code, and gives up after a minute. */
export const ask = $({ quiet: true, nothrow: true, timeout: '60s' })

/** What runs a tool, with a `$` that knows where and how. */
export type RunTool = ($: Shell) => ProcessPromise

/** Has bash become the program, so that what is sent to the process reaches it, and its exit is the program's. */
export const AS_ITSELF = { prefix: 'exec ' }

/**
 * What a program printed to stdout, without the last newline.
 * @throws NebulaError with the end of its stderr when it exits with anything but 0.
 */
export async function textOf(running: ProcessPromise): Promise<string> {
  const output = await running.nothrow().quiet()
  if (output.ok) return output.stdout.trimEnd()
  throw failed(`\`${running.cmd}\``, output)
}

/** What a program that failed said last, as an error for a person: zx's own shows a line of our source. */
export function failed(what: string, { exitCode, signal, stderr, stdout }: ProcessOutput): NebulaError {
  const how = exitCode === null ? `was ended by ${signal ?? 'its timeout'}` : `failed with exit code ${exitCode}`
  const said = lastLines(stderr.trim() || stdout, LAST_LINES)
  return new NebulaError(`${what} ${how}${said ? `:\n${said}` : ''}`, { code: 'COMMAND_FAILED' })
}

export interface GroupOptions {
  /** Ends the group. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds from being told to end until SIGKILL. */
  readonly graceMs: number
  /** Milliseconds that it may run. */
  readonly deadlineMs?: number | undefined
}

/**
 * Waits for a program that was started `detached`, as the leader of a group, and that does not throw. When its time is up
 * or the signal aborts, all of the group is told to end: zx's own `signal` and `timeout` leave what the program started.
 * @returns what it said, and whether its time was up.
 * @throws NebulaError when something of the group does not end.
 */
export async function groupEnded(
  running: ProcessPromise,
  { signal, graceMs, deadlineMs }: GroupOptions,
): Promise<{ output: ProcessOutput; timedOut: boolean }> {
  const leader = running.pid === undefined ? null : await identifyProcess(running.pid)
  let timedOut = false
  let ending: Promise<unknown> | undefined
  const end = () => {
    if (leader) ending ??= attempt(terminate(leader, { signal: 'SIGTERM', graceMs, group: 'at-once' }))
  }
  const timeUp = () => {
    timedOut = true
    end()
  }
  const timer = deadlineMs === undefined ? undefined : setTimeout(timeUp, deadlineMs)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  try {
    const output = await running
    const ended = await ending
    if (ended instanceof Error) throw ended
    return { output, timedOut }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', end)
  }
}
