import path from 'node:path'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { attempt } from '@nebula/stack/system/attempt'
import { lastLines } from '@nebula/stack/system/text'
import pc from 'picocolors'
import { $, ProcessOutput, spinner, which, within } from 'zx'
import { command, interruptible, main, report } from './command.ts'
import { failed } from './programs.ts'
import { formatMs } from './render/words.ts'

/** How often a hook asks Docker, which starts beside it and whose own starter gives up after half a minute. */
export const DOCKER_TRIES = 50
/** Since the start of the hook; a Docker that hangs would make the tries last for many minutes. */
const DOCKER_DEADLINE_MS = 90_000

/**
 * Runs a lifecycle hook: a zx script whose programs run in the repository and end with Ctrl-C.
 * @param action returns what to exit with.
 */
export async function hook(
  name: string,
  description: string,
  action: (signal: AbortSignal) => Promise<ExitCode>,
): Promise<void> {
  const script = (signal: AbortSignal) =>
    within(async () => {
      $.cwd = path.resolve(import.meta.dirname, '../..')
      $.signal = signal
      return await action(signal)
    })
  await main(command(name, `Devcontainer hook: ${description}`).action(() => interruptible(script)))
}

/**
 * Runs one step of a hook and says on one line how it went. A step that fails ends nothing: the editor skips every later
 * hook when one fails, and the container is of use without it.
 * @param action returns what to say when it went well; what it throws or returns as an error is said, too.
 * @returns whether it went well.
 */
export async function step(title: string, action: () => Promise<string | Error>): Promise<boolean> {
  const start = performance.now()
  const shown = async () => await (process.stderr.isTTY ? spinner(title, action) : action())
  const result = await attempt(shown())
  $.signal?.throwIfAborted()
  const ms = formatMs(performance.now() - start)
  if (typeof result === 'string') {
    process.stderr.write(`${pc.green('✓')} ${title}: ${result} ${pc.dim(`(${ms})`)}\n`)
    return true
  }
  const error = result instanceof ProcessOutput ? failed('its program', result) : result
  process.stderr.write(`${pc.yellow('!')} ${title}: ${error.message} ${pc.dim(`(${ms})`)}\n`)
  if (error instanceof NebulaError && error.hint) process.stderr.write(`${pc.cyan('→')} ${error.hint}\n`)
  return false
}

/** Says a line while a step goes on, in place of its spinner. */
export function note(line: string): void {
  process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[2K' : ''}  ${line}\n`)
}

/**
 * The version of the Docker that runs; for `retry`.
 * @returns an error when asking again is no use: there is no docker command, or the hook has waited long enough.
 * @throws NebulaError while Docker does not answer.
 */
export async function dockerVersion(): Promise<string | Error> {
  if ($.signal?.aborted) return new Error('interrupted')
  if (!(await which('docker', { nothrow: true }))) return unreachable('Docker is not installed, or not on PATH')
  // A DOCKER_API_VERSION from outside would keep the docker command from finding out what the engine speaks.
  const { DOCKER_API_VERSION: _, ...env } = process.env
  const asked = await $({
    env,
    timeout: '10s',
    nothrow: true,
    quiet: true,
  })`docker version --format {{.Server.Version}}`
  if (asked.ok) return asked.stdout.trim()
  const waited = performance.now()
  const said = lastLines(asked.stderr, 1) || 'it hangs'
  const error = unreachable(`Docker did not answer within ${formatMs(waited)}: ${said}`)
  if (waited > DOCKER_DEADLINE_MS) return error
  throw error
}

function unreachable(message: string): NebulaError {
  return new NebulaError(message, {
    code: 'DOCKER_UNREACHABLE',
    hint: 'npm run doctor',
    exitCode: ExitCode.Precondition,
  })
}

/** Starts the stack, says what went wrong and, when it is not up, what to do; returns what `up` would exit with. */
export async function startOrSayWhatToDo(start: () => Promise<ExitCode>): Promise<ExitCode> {
  const result = await attempt(start())
  $.signal?.throwIfAborted()
  const exitCode = result instanceof Error ? report(result) : result
  if (exitCode !== ExitCode.Green) sayWhatToDo()
  return exitCode
}

/** What to do in a container whose stack is not up. */
export function sayWhatToDo(): void {
  process.stderr.write(
    [
      `\n${pc.yellow('!')} The container is ready, the stack in it is not.`,
      `${pc.cyan('→')} npm run doctor    what is missing, and how to get it`,
      `${pc.cyan('→')} npm run up        tries again, and goes on where it stopped`,
      '',
    ].join('\n'),
  )
}
