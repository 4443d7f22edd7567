import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { attempt } from '@nebula/stack/system/attempt'
import pc from 'picocolors'
import { formatMs } from './render/words.ts'

/** Docker starts beside the hooks; its own starter gives up after half a minute. */
export const DOCKER_DEADLINE_MS = 90_000

/**
 * Runs one part of a lifecycle hook and says on one line how it went. A part that fails ends nothing: the editor skips
 * every later hook when one fails, and the container is of use without it.
 * @param action returns what to say when it went well.
 * @returns whether it went well.
 */
export async function part(title: string, signal: AbortSignal, action: () => Promise<string>): Promise<boolean> {
  const start = performance.now()
  const result = await attempt(action())
  signal.throwIfAborted()
  const ms = formatMs(performance.now() - start)
  if (typeof result === 'string') {
    process.stderr.write(`${pc.green('✓')} ${title}: ${result} ${pc.dim(`(${ms})`)}\n`)
    return true
  }
  process.stderr.write(`${pc.yellow('!')} ${title}: ${result.message} ${pc.dim(`(${ms})`)}\n`)
  if (result instanceof NebulaError && result.hint) process.stderr.write(`${pc.cyan('→')} ${result.hint}\n`)
  return false
}

/** What to do in a container whose stack is not up. */
export function sayWhatToDo(): void {
  process.stderr.write(
    [
      `\n${pc.yellow('!')} The container is ready, the stack in it is not.`,
      `${pc.cyan('→')} just doctor    what is missing, and how to get it`,
      `${pc.cyan('→')} just up        tries again, and goes on where it stopped`,
      '',
    ].join('\n'),
  )
}
