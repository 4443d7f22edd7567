import { access, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { withManagedBlock } from '../system/managedBlock.ts'

/** Where devcontainer.json mounts the volume that outlives the container. */
export const HISTORY_FOLDER = '/commandhistory'

const TITLE = 'history that outlives the container'

/** Each command is written as it is typed: a container that is stopped ends its shells without asking them. */
const SETTINGS = {
  '.bashrc': (folder: string) => [
    `HISTFILE=${folder}/bash`,
    'HISTSIZE=10000 HISTFILESIZE=20000',
    'case ";$PROMPT_COMMAND;" in *";history -a;"*) ;; *) PROMPT_COMMAND="history -a;$PROMPT_COMMAND" ;; esac',
  ],
  '.zshrc': (folder: string) => [
    `HISTFILE=${folder}/zsh`,
    'HISTSIZE=10000 SAVEHIST=20000',
    'setopt INC_APPEND_HISTORY',
  ],
} as const

/**
 * Makes bash and zsh keep their history in a folder, by a block of its own in their start files.
 * @returns whether anything changed; false where there is no such folder.
 */
export async function keepShellHistory(home: string, folder: string = HISTORY_FOLDER): Promise<boolean> {
  if (!(await exists(folder))) return false
  const changed = await Promise.all(
    Object.entries(SETTINGS).map(async ([name, settings]) => {
      const file = path.join(home, name)
      const before = await readFile(file, 'utf8').catch(() => '')
      const after = withManagedBlock(before, TITLE, settings(folder))
      if (after !== before) await writeFile(file, after)
      return after !== before
    }),
  )
  return changed.some(Boolean)
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  )
}
