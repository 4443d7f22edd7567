import { rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Secrets } from '../secrets/secrets.ts'
import { readIfThere } from '../system/files.ts'
import { withManagedBlock } from '../system/managedBlock.ts'

/** Where the Convex CLI looks for its settings, in the folder that it is called in; git and image builds ignore it. */
const FILE = '.env.local'
const TITLE = 'the deployment of this stack, for `npx convex`'

/** What leads the Convex CLI to the stack's backend. */
export function cliEnvironment(url: string, secrets: Secrets): Readonly<Record<string, string>> {
  return { CONVEX_SELF_HOSTED_URL: url, CONVEX_SELF_HOSTED_ADMIN_KEY: secrets.convexAdminKey }
}

/**
 * Writes settings for the Convex CLI to the `.env.local` of a package, which only its owner can read. What else is in it
 * stays.
 * @throws an error of the file system.
 */
export async function writeCliEnvironment(folder: string, env: Readonly<Record<string, string>>): Promise<void> {
  const file = path.join(folder, FILE)
  const before = (await readIfThere(file)) ?? ''
  const lines = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const after = withManagedBlock(before, TITLE, lines)
  if (after === before) return
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, after, { mode: 0o600 })
  await rename(temporary, file)
}
