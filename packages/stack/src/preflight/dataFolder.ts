import { access, constants, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { STATE_FOLDER } from '../checkout/paths.ts'
import { notWritable } from '../system/notWritable.ts'
import type { Check } from './check.ts'

/** This user may write into the checkout's own folder, where data, logs and secrets are. */
export const dataFolderCheck: Check = {
  id: 'data-folder',
  title: 'Data folder',
  run: async ({ root }) => {
    const top = path.join(root, STATE_FOLDER)
    for (const folder of ['.', 'logs', 'embedded', 'embedded/data']) {
      const file = path.join(top, folder)
      try {
        await mkdir(file, { recursive: true, mode: 0o700 })
        await access(file, constants.W_OK | constants.X_OK)
      } catch (error) {
        throw notWritable(file, top, error) ?? error
      }
    }
    return { status: 'ok', message: `${top} can be written to` }
  },
}
