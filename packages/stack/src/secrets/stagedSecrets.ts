import { existsSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import path from 'node:path'
import { SECRETS_FILE, STAGED_SECRETS_FILE } from '../checkout/paths.ts'
import { hasCode } from '../system/files.ts'

/** Whether new secrets wait to take the place of those of this checkout: what runs on the old ones has to end first. */
export function hasStagedSecrets(root: string): boolean {
  return existsSync(path.join(root, STAGED_SECRETS_FILE))
}

/**
 * Puts the secrets that were staged in the place of those of this checkout, in one step: whoever is killed has changed
 * everything or nothing.
 */
export async function takeStagedSecrets(root: string): Promise<void> {
  const [staged, secrets] = [path.join(root, STAGED_SECRETS_FILE), path.join(root, SECRETS_FILE)]
  await rename(staged, secrets).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error
  })
}
