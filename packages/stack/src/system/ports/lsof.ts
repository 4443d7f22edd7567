import { exec } from '../exec.ts'
import { filledLines } from '../text.ts'
import type { Listener } from './listener.ts'

const TIMEOUT_MS = 5_000
const COMMAND_LENGTH = 120

/**
 * Who listens on these ports, from `lsof` (macOS has it). Processes of other users are not listed.
 * @returns nothing where there is no lsof.
 */
export async function listenersByLsof(ports: readonly number[]): Promise<ReadonlyMap<number, Listener>> {
  const fields = await lsof(['-nP', `-iTCP:${ports.join(',')}`, '-sTCP:LISTEN', '-F', 'pn'])
  const pids = new Map<number, number>()
  let pid = 0
  for (const field of fields) {
    const value = field.slice(1)
    if (field.startsWith('p')) pid = Number(value)
    const port = field.startsWith('n') && isLocal(value) ? Number(value.slice(value.lastIndexOf(':') + 1)) : undefined
    if (port !== undefined && !pids.has(port)) pids.set(port, pid)
  }
  return new Map(
    await Promise.all([...pids].map(async ([port, holder]) => [port, await describeProcess(holder)] as const)),
  )
}

async function describeProcess(pid: number): Promise<Listener> {
  const [shown, folder] = await Promise.all([
    exec(['ps', '-o', 'command=', '-p', String(pid)], { timeoutMs: TIMEOUT_MS }),
    lsof(['-a', '-p', String(pid), '-d', 'cwd', '-F', 'n']),
  ])
  const cwd = folder.find((field) => field.startsWith('n'))?.slice(1)
  const command = shown.stdout.trim().slice(0, COMMAND_LENGTH) || 'a process'
  return { pid, command, ...(cwd === undefined ? {} : { cwd }) }
}

/** One field a line, its first letter says which (`-F`). */
async function lsof(args: readonly string[]): Promise<readonly string[]> {
  const listed = await exec(['lsof', ...args], { timeoutMs: TIMEOUT_MS }).catch(() => null)
  return filledLines(listed?.stdout ?? '')
}

function isLocal(address: string): boolean {
  return /^(\*|127\.0\.0\.1|\[::\]|\[::ffff:127\.0\.0\.1\]):\d+$/.test(address)
}
