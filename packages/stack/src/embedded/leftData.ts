import { stat } from 'node:fs/promises'
import { resolveReferences } from '../catalogue/references.ts'
import type { Service } from '../catalogue/schema.ts'
import { attempt } from '../system/attempt.ts'
import { type LaunchContext, referencesOf } from './supervisor/launch.ts'

/** What a service does not go on with, because its real program wrote it and its stand-in runs, or the reverse. */
export interface LeftData {
  /** Whose data it is. */
  readonly of: 'real' | 'stand-in'
  /** What runs now has data of its own, older than that, or none at all. */
  readonly instead: 'older' | 'none'
}

/**
 * Whether a service that is about to start was last run in its other form, which keeps its data apart.
 * @returns null when it goes on with the newest data that is here.
 */
export async function leftData({ id, embedded }: Service, context: LaunchContext): Promise<LeftData | null> {
  const { program, database, standIn } = embedded ?? {}
  if (!program || database === undefined || standIn?.database === undefined) return null
  const references = referencesOf(id, context)
  const real = await writtenAt(resolveReferences(database, references))
  const ofStandIn = await writtenAt(resolveReferences(standIn.database, references))
  const isReal = context.programs[program] != null
  const [now, other] = isReal ? [real, ofStandIn] : [ofStandIn, real]
  if (other === null || (now !== null && now >= other)) return null
  return { of: isReal ? 'stand-in' : 'real', instead: now === null ? 'none' : 'older' }
}

/** When an SQLite database was last written to, ms since 1970: what is new may still be in its log. */
async function writtenAt(file: string): Promise<number | null> {
  const [database, log] = await Promise.all([attempt(stat(file)), attempt(stat(`${file}-wal`))])
  if (database instanceof Error) return null
  return log instanceof Error ? database.mtimeMs : Math.max(database.mtimeMs, log.mtimeMs)
}
