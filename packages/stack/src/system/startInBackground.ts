import { spawn } from 'node:child_process'
import { mkdir, open, rename } from 'node:fs/promises'
import path from 'node:path'
import { type UntilOptions, until } from './until.ts'

export interface BackgroundProgram {
  readonly argv: readonly [string, ...string[]]
  readonly cwd: string
  /** Where its output goes, absolute. What a former one said is kept beside it, as `….1`. */
  readonly log: string
}

export interface BackgroundStart {
  /** `there`: it answers. `ended`: it is gone again, or never began. `late`: it still runs, but does not answer. */
  readonly outcome: 'there' | 'ended' | 'late'
  readonly pid: number | undefined
  /** Why it could not even begin. */
  readonly error?: Error
}

/**
 * Starts a program that outlives this one, in a group of its own, where no Ctrl-C reaches it, and waits until it is there.
 * @param isThere asked again and again, with its process id.
 * @throws what `isThere` throws, and the signal's reason when it aborts; the program goes on then.
 */
export async function startInBackground(
  { argv: [program, ...args], cwd, log }: BackgroundProgram,
  isThere: (pid: number) => Promise<boolean>,
  options: UntilOptions,
): Promise<BackgroundStart> {
  await mkdir(path.dirname(log), { recursive: true })
  await rename(log, `${log}.1`).catch(() => {})
  const file = await open(log, 'a', 0o600)
  try {
    const child = spawn(program, args, { cwd, detached: true, stdio: ['ignore', file.fd, file.fd] })
    let error: Error | undefined
    let hasEnded = false
    child.on('exit', () => {
      hasEnded = true
    })
    child.on('error', (reason) => {
      hasEnded = true
      error = reason
    })
    child.unref()
    const answers = async () => child.pid !== undefined && (await isThere(child.pid))
    await until(async () => hasEnded || (await answers()), options)
    if (hasEnded) return { outcome: 'ended', pid: child.pid, ...(error ? { error } : {}) }
    return { outcome: (await answers()) ? 'there' : 'late', pid: child.pid }
  } finally {
    await file.close()
  }
}
