import path from 'node:path'

/** What embedded mode keeps, relative to the repository. */
export const EMBEDDED_FOLDER = '.nebula/embedded'
export const DATA_FOLDER = `${EMBEDDED_FOLDER}/data`
export const STATE_FILE = `${EMBEDDED_FOLDER}/state.json`
/** The program of the supervisor: a process that runs it belongs to the checkout that it lies in. */
export const SUPERVISE = 'scripts/supervise.ts'
export const LOG_FOLDER = '.nebula/logs'
/** What the supervisor itself says, relative to the repository. */
export const SUPERVISOR_LOG = `${LOG_FOLDER}/supervisor.log`

/** Where a service keeps its data, absolute. */
export function dataFolder(root: string, id: string): string {
  return path.join(root, DATA_FOLDER, id)
}

/** Where a service's output goes, absolute. */
export function logFile(root: string, id: string): string {
  return path.join(root, LOG_FOLDER, `${id}.log`)
}
