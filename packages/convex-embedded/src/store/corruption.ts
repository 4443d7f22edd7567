import { NebulaError } from '@nebula/stack/errors'

/** The error for data that cannot be read: names the file, and says that nothing was changed. */
export function corrupt(file: string, reason: string, cause?: unknown): NebulaError {
  return new NebulaError(`${file} is damaged: ${reason}. Nothing was changed.`, {
    code: 'CONVEX_DATA_DAMAGED',
    hint: `Put a copy of the folder back, or move ${file} away to start empty`,
    cause,
  })
}
