import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { createPrivateFile, readIfThere, writePrivateFile } from '../system/files.ts'
import { identifyProcess, isSameProcess } from '../system/processes.ts'
import { parseJson } from '../system/text.ts'
import { until } from '../system/until.ts'
import { LOCK_FILE } from './paths.ts'

const Holder = z.object({
  pid: z.int().positive(),
  startTime: z.string(),
  command: z.string(),
  since: z.iso.datetime(),
})

/** Who holds the lock. */
export type LockHolder = Readonly<z.infer<typeof Holder>>

export interface Lock extends AsyncDisposable {
  /** Gives the lock back. More than once does no harm. */
  release(): Promise<void>
}

const TAKEOVER_DEADLINE_MS = 10_000
const TAKEOVER_INTERVAL_MS = 20

/**
 * Takes this checkout's lock, so that only one command at a time changes the stack. What a process left that was ended
 * without releasing it is taken over.
 * @param command what the holder is doing, for the message that others get: `up`.
 * @throws NebulaError naming the holder when it is held.
 */
export async function acquireLock(root: string, command: string): Promise<Lock> {
  const identity = await identifyProcess(process.pid)
  if (!identity) throw new TypeError('this process cannot be found in its own process list')
  const mine = { ...identity, command, since: new Date().toISOString() }
  const taken = await acquire(path.join(root, LOCK_FILE), mine)
  if ('release' in taken) return taken
  throw new NebulaError(`\`${taken.command}\` is at work in this checkout (pid ${taken.pid}, since ${taken.since})`, {
    code: 'LOCKED',
    hint: `wait for it, or end it: kill ${taken.pid}`,
    exitCode: ExitCode.Precondition,
    details: taken,
  })
}

/**
 * Who holds this checkout's lock now.
 * @returns null when nobody does.
 */
export async function lockHolder(root: string): Promise<LockHolder | null> {
  const content = await readIfThere(path.join(root, LOCK_FILE))
  return content === null ? null : await livingHolder(content)
}

async function acquire(file: string, mine: LockHolder): Promise<Lock | LockHolder> {
  const content = JSON.stringify(mine)
  let result: Lock | LockHolder | undefined
  const settled = await until(
    async () => {
      result = await tryAcquire(file, mine, content)
      return result !== undefined
    },
    { deadlineMs: TAKEOVER_DEADLINE_MS, intervalMs: TAKEOVER_INTERVAL_MS },
  )
  if (settled && result) return result
  throw new NebulaError(`${file} cannot be taken over from a process that is gone`, {
    code: 'LOCK_STUCK',
    hint: `rm ${file}*`,
  })
}

/** @returns undefined when somebody else changed something in between: try again. */
async function tryAcquire(file: string, mine: LockHolder, content: string): Promise<Lock | LockHolder | undefined> {
  if (await createPrivateFile(file, content)) return lockOn(file, content)
  const found = await readIfThere(file)
  if (found === null) return undefined
  const holder = await livingHolder(found)
  if (holder) return holder

  // Of all who see this dead lock, one may replace it: who holds the lock named after its content. That one may die too,
  // and is then taken over in the same way.
  const guard = await acquire(`${file}.${createHash('sha256').update(found).digest('hex').slice(0, 12)}`, mine)
  if (!('release' in guard)) return undefined
  try {
    // Somebody may have replaced it, and given the guard back, since we looked.
    if ((await readIfThere(file)) !== found) return undefined
    await writePrivateFile(file, content)
    return lockOn(file, content)
  } finally {
    await guard.release()
  }
}

function lockOn(file: string, content: string): Lock {
  const release = async () => {
    if ((await readIfThere(file)) === content) await rm(file, { force: true })
  }
  return { release, [Symbol.asyncDispose]: release }
}

/** The process in a lock, if it still runs. A lock that cannot be read was not written by us as a whole: nobody's. */
async function livingHolder(content: string): Promise<LockHolder | null> {
  const parsed = Holder.safeParse(parseJson(content))
  return parsed.success && (await isSameProcess(parsed.data)) ? parsed.data : null
}
