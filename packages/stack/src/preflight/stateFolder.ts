import { access, constants, lstat, mkdir, readlink, stat } from 'node:fs/promises'
import path from 'node:path'
import { SECRETS_FILE, STATE_FOLDER } from '../checkout/paths.ts'
import { attempt } from '../system/attempt.ts'
import { notWritable } from '../system/notWritable.ts'
import type { Check, CheckResult } from './check.ts'

const OTHERS = 0o077

/** The checkout's own folder, where data, logs and secrets are, is this user's alone and can be written to. */
export const stateFolderCheck: Check = {
  id: 'state-folder',
  title: 'State folder',
  run: async ({ root }) => {
    const top = path.join(root, STATE_FOLDER)
    const link = await leadsElsewhere(top)
    if (link) return link
    for (const folder of ['.', 'logs', 'embedded', 'embedded/data']) {
      const file = path.join(top, folder)
      try {
        await mkdir(file, { recursive: true, mode: 0o700 })
        await access(file, constants.W_OK | constants.X_OK)
      } catch (error) {
        throw notWritable(file, top, error) ?? error
      }
    }
    return (await isReadByOthers(root)) ?? { status: 'ok', message: `${top} can be written to` }
  },
}

/** Whoever can put a link there decides where the secrets are written. */
async function leadsElsewhere(top: string): Promise<CheckResult | null> {
  const found = await attempt(lstat(top))
  if (found instanceof Error || !found.isSymbolicLink()) return null
  return {
    status: 'fail',
    message: `${top} is a link to ${await readlink(top)}: secrets and data would go there`,
    fix: `rm '${top}'`,
  }
}

async function isReadByOthers(root: string): Promise<CheckResult | null> {
  const found = await attempt(stat(path.join(root, SECRETS_FILE)))
  if (found instanceof Error || process.platform === 'win32' || (found.mode & OTHERS) === 0) return null
  const mode = (found.mode & 0o777).toString(8)
  return {
    status: 'warn',
    message: `${SECRETS_FILE} may be read by others (mode ${mode}); \`up\` makes it private`,
    fix: `chmod 600 '${path.join(root, SECRETS_FILE)}'`,
  }
}
