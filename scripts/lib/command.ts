import { Command, CommanderError } from '@commander-js/extra-typings'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'

/** One Ctrl-C may come more than once: from the terminal, and passed on by npm. What comes later is another one. */
const SAME_CTRL_C_MS = 300

/** A command with the flags that all of them have. */
export function command(name: string, description: string) {
  return new Command(`npm run ${name} --`)
    .description(description)
    .option('--verbose', 'show stack traces of errors')
    .showHelpAfterError(`(npm run ${name} -- --help lists the options)`)
    .exitOverride()
}

/**
 * Runs a command: parses its arguments, hands it a signal that Ctrl-C aborts, shows what went wrong as a message and a
 * way out, and sets the exit code. Call it with an action that returns an exit code, or nothing for success.
 */
export async function main(program: { parseAsync: () => Promise<unknown> }): Promise<void> {
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = report(error)
  }
}

/** Runs `action` with a signal that Ctrl-C and SIGTERM abort. A second one ends the process at once. */
export async function interruptible(action: (signal: AbortSignal) => Promise<ExitCode | undefined>): Promise<void> {
  const controller = new AbortController()
  let stoppedAt = 0
  const stop = () => {
    if (controller.signal.aborted) {
      if (performance.now() - stoppedAt > SAME_CTRL_C_MS) process.exit(ExitCode.Interrupted)
      return
    }
    stoppedAt = performance.now()
    controller.abort(new NebulaError('interrupted', { code: 'INTERRUPTED', exitCode: ExitCode.Interrupted }))
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    const exitCode = await action(controller.signal)
    if (exitCode !== undefined) process.exitCode = exitCode
  } catch (error) {
    // What a program says when it is ended by the same Ctrl-C is no news.
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** Shows what went wrong and a way out, and returns what to exit with. */
export function report(error: unknown): ExitCode {
  // commander has printed its own errors, and the help, by now.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Green : ExitCode.Usage
  const verbose = process.argv.includes('--verbose')
  if (error instanceof NebulaError) {
    for (const { message, hint } of error.problems ?? [error]) {
      say(`${pc.red('✗')} ${message}`)
      if (hint) say(`${pc.cyan('→')} ${hint}`)
    }
    if (verbose && error.stack) say(pc.dim(error.stack))
    return error.exitCode
  }
  say(`${pc.red('✗')} ${error instanceof Error ? error.message : String(error)}`)
  if (verbose && error instanceof Error && error.stack) say(pc.dim(error.stack))
  else say(`${pc.cyan('→')} this is a bug in Nebula; run it again with --verbose to see where`)
  return ExitCode.Failed
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
