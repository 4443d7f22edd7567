import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { STATE_FILE } from '../../checkout/paths.ts'
import { SERVICE_STATES } from '../../driver/serviceStatus.ts'
import { parseJson } from '../../system/text.ts'

/** Nobody's state says that it is process 1, or, to `kill`, everybody. */
const Identity = z.object({ pid: z.int().min(2), startTime: z.string() })

/* Another version of this repository may have written it, before a pull: what runs has to be found all the same. */
const State = z.object({
  supervisor: Identity,
  /** What it was started from: `definition` of an EmbeddedStack. */
  definition: z.string().catch(''),
  /** How often it was told to try again what failed. */
  retries: z.int().nonnegative().catch(0),
  services: z.array(
    z.object({
      id: z.string(),
      state: z.enum(SERVICE_STATES).catch('unknown'),
      reason: z.string().optional(),
      standIn: z.string().optional(),
      program: z.string().optional(),
      since: z.string().optional(),
      restarts: z.int().optional(),
      process: Identity.optional(),
    }),
  ),
})

/** What the supervisor of a checkout has started, as it writes it down. */
export type EmbeddedState = Readonly<z.infer<typeof State>>

/**
 * What the last supervisor of this checkout wrote down. It may be gone: ask `isSameProcess`.
 * @returns null when there is none, or nothing that can be read.
 */
export async function readState(root: string): Promise<EmbeddedState | null> {
  const text = await readFile(path.join(root, STATE_FILE), 'utf8').catch(() => null)
  return text === null ? null : (State.safeParse(parseJson(text)).data ?? null)
}

/**
 * Writes it down before anything else can happen: a process must not run a moment longer than its pid is unknown, should
 * the supervisor be killed.
 */
export function writeState(root: string, state: EmbeddedState): void {
  const file = path.join(root, STATE_FILE)
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}`
  writeFileSync(temporary, JSON.stringify(state), { mode: 0o600 })
  renameSync(temporary, file)
}

/** Forgets everything: nothing of this checkout runs. */
export function removeState(root: string): void {
  rmSync(path.join(root, STATE_FILE), { force: true })
}
