import path from 'node:path'
import { NebulaError } from '@nebula/stack/errors/nebulaError'

/** The error for data that cannot be read: names the file, and says that nothing was changed. */
export function corrupt(file: string, reason: string, cause?: unknown): NebulaError {
  // SQLite tells of damage in several lines.
  const said = reason.replaceAll(/\s+/g, ' ')
  return new NebulaError(`${file} is damaged: ${said}. Nothing was changed.`, {
    code: 'CONVEX_DATA_DAMAGED',
    hint: `Put a copy of its folder back. Without one: cp -R '${path.dirname(file)}' ~/convex-damaged-data && npm run reset`,
    cause,
  })
}
