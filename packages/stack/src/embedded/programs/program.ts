import { z } from 'zod'

/** A native program as it was found on this machine. */
export const FoundProgram = z.strictObject({
  path: z.string(),
  /** How it was found, one phrase for a person: `PATH (/usr/bin/temporal)`. */
  source: z.string(),
  version: z.string(),
})

export type FoundProgram = Readonly<z.infer<typeof FoundProgram>>
