import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/** Path of Temporal's CLI, whose dev server the tests use: TEMPORAL_CLI, or `temporal` on the PATH; undefined without one. */
export function temporalCli(): string | undefined {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'temporal'))
  return [process.env.TEMPORAL_CLI ?? '', ...onPath].find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return path.isAbsolute(file)
  } catch {
    return false
  }
}
