import { access } from 'node:fs/promises'
import path from 'node:path'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'

/** The description of the stack, relative to the repository. */
export const STACK_FILE = 'infra/stack.yaml'

/**
 * The root of the checkout that a folder is in: the nearest one upwards with an infra/stack.yaml.
 * @throws NebulaError when there is none.
 */
export async function findRoot(from: string = process.cwd()): Promise<string> {
  const start = path.resolve(from)
  let folder = start
  while (!(await hasStackFile(folder))) {
    const parent = path.dirname(folder)
    if (parent === folder) {
      throw new NebulaError(`${start} is in no Nebula repository: no ${STACK_FILE} in it or above it`, {
        code: 'NOT_IN_REPOSITORY',
        hint: 'cd into the repository and run the command again',
        exitCode: ExitCode.Usage,
      })
    }
    folder = parent
  }
  return folder
}

async function hasStackFile(folder: string): Promise<boolean> {
  return await access(path.join(folder, STACK_FILE)).then(
    () => true,
    () => false,
  )
}
