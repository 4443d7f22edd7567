import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../../catalogue/schema.ts'
import { identifyProcess, type ProcessIdentity, terminate } from '../../system/processes.ts'
import type { ServiceLog } from '../state/serviceLog.ts'
import { clearTemporaryFolder, makeTemporaryFolder } from '../state/temporaryFolder.ts'
import type { Launch } from './launch.ts'

const LAST_WORDS_MS = 1_000

/** How a process ended, for a person: "exited with code 1", "was ended by SIGKILL". */
export interface Exit {
  readonly code: number | null
  readonly what: string
}

/** A process of the stack, leader of a group of its own. */
export interface Child {
  readonly identity: ProcessIdentity
  readonly exit: Promise<Exit>
  /** Ends it and all that it started. Harmless when it has ended. */
  stop(): Promise<void>
}

/**
 * Starts a process whose output goes to a log.
 * @param stop how it wants to be ended.
 * @returns the exit instead, when it could not be started or was over before anybody could look.
 */
export async function startChild(launch: Launch, log: ServiceLog, stop: Service['stop']): Promise<Child | Exit> {
  const { data, temporary } = launch
  try {
    if (data !== undefined) mkdirSync(data, { recursive: true, mode: 0o700 })
    if (temporary !== undefined) makeTemporaryFolder(temporary)
  } catch (error) {
    return notStarted(error)
  }
  const [program, ...args] = launch.argv
  const child = spawn(program, args, {
    cwd: launch.cwd,
    env: { ...process.env, ...launch.env },
    // A group of its own: Ctrl-C in a terminal must not reach it, and what it starts can be ended with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = exitOf(child)
  const closed = new Promise<void>((resolve) => void child.on('close', () => resolve()))
  if (child.pid === undefined) return await exit
  log.begin(child.pid)
  log.keep(child.stdout)
  log.keep(child.stderr)
  const identity = await identifyProcess(child.pid)
  if (!identity) return await exit
  return {
    identity,
    exit,
    async stop() {
      await terminate(identity, { ...stop, group: 'leader-first' })
      if (temporary !== undefined) clearTemporaryFolder(temporary)
      // Its last words may still be in the pipes; somebody that left the group may hold them open for ever.
      await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { ref: false })])
    },
  }
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve(notStarted(error)))
    child.on('exit', (code, signal) => {
      resolve({ code, what: signal === null ? `exited with code ${code}` : `was ended by ${signal}` })
    })
  })
}

function notStarted(error: unknown): Exit {
  return { code: null, what: `could not be started: ${error instanceof Error ? error.message : String(error)}` }
}
