import { z } from 'zod'
import type { Catalogue, ProgramName } from '../../catalogue/schema.ts'
import { type ConvexChoice, findConvexBackend } from './convexBackend.ts'
import { findTemporalCli } from './temporalCli.ts'

/** A native program as it was found on this machine. */
const FoundProgram = z.strictObject({
  path: z.string(),
  /** How it was found, one phrase for a person: `PATH (/usr/bin/temporal)`. */
  source: z.string(),
  version: z.string(),
})

/** The native programs that a stack runs on; null where a stand-in takes the place. */
export const Programs = z.partialRecord(z.enum(['temporal', 'convex-local-backend']), FoundProgram.nullable())
export type Programs = Readonly<z.infer<typeof Programs>>

export const CONVEX_CHOICES = ['auto', 'real', 'stand-in'] as const satisfies readonly ConvexChoice[]

export interface FindProgramsOptions {
  readonly convex: ConvexChoice
  readonly env: Readonly<Record<string, string | undefined>>
  /** Told what is being looked for or fetched. */
  readonly onStep: (text: string) => void
  /** Told why a stand-in runs though the real program is here. */
  readonly onWarning: (text: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds every native program that the services of a catalogue name.
 * @throws NebulaError with every way that was tried when one cannot be had.
 */
export async function findPrograms(catalogue: Catalogue, options: FindProgramsOptions): Promise<Programs> {
  const names = catalogue.services.flatMap(({ embedded }) => (embedded?.program ? [embedded.program] : []))
  const found = await Promise.all(names.map(async (name) => [name, await find(name, options)] as const))
  return Object.fromEntries(found)
}

async function find(
  name: ProgramName,
  { convex, onWarning, ...options }: FindProgramsOptions,
): Promise<z.infer<typeof FoundProgram> | null> {
  if (name === 'temporal') return await findTemporalCli(options)
  return (await findConvexBackend({ ...options, choice: convex, onWarning })) ?? null
}

/** What a program is, for `status`: `1.9.1 from PATH (/usr/bin/temporal)`. */
export function describeProgram({ version, source }: z.infer<typeof FoundProgram>): string {
  return `${version} from ${source}`
}
