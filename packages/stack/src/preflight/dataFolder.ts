import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { hasCode } from '../atomicWrite.ts'
import type { Check } from './check.ts'

const FOLDER = '.nebula'

/** This user may write into the checkout's own folder, where data, logs and secrets are. */
export const dataFolderCheck: Check = {
  id: 'data-folder',
  title: 'Data folder',
  run: async ({ root }) => {
    for (const folder of ['.', 'logs', 'embedded', 'embedded/data']) {
      const file = path.join(root, FOLDER, folder)
      try {
        await mkdir(file, { recursive: true, mode: 0o700 })
        await access(file, constants.W_OK | constants.X_OK)
      } catch (error) {
        return {
          status: 'fail',
          message: `the data folder ${file} can not be written to${reason(error)}`,
          fix: `sudo chown -R "$USER" '${path.join(root, FOLDER)}' && chmod -R u+rwX '${path.join(root, FOLDER)}'`,
        }
      }
    }
    return { status: 'ok', message: `${path.join(root, FOLDER)} can be written to` }
  },
}

function reason(error: unknown): string {
  if (hasCode(error, 'EROFS')) return ': the file system is read-only'
  if (hasCode(error, 'ENOSPC')) return ': the disk is full'
  return hasCode(error, 'EACCES') || hasCode(error, 'EPERM') ? ': permission denied' : ''
}
