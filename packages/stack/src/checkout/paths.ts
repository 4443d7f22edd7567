import path from 'node:path'

/** What a checkout keeps for itself, relative to the repository. Not in git; nobody else may read it. */
export const STATE_FOLDER = '.nebula'
export const SECRETS_FILE = `${STATE_FOLDER}/secrets.json`
/** Which Docker volume the data of this checkout is in, for each Docker that had one. */
export const DATA_VOLUME_FILE = `${STATE_FOLDER}/data-volume.json`
/** Secrets that are to take the place of those: the next `up` does it, where nothing runs on the old ones any more. */
export const STAGED_SECRETS_FILE = `${STATE_FOLDER}/secrets.next.json`
export const LOCK_FILE = `${STATE_FOLDER}/lock`
/** Where a codespace forwards its ports to, for the Tiltfile. */
export const FORWARDED_PORTS_FILE = `${STATE_FOLDER}/forwarded.json`
/** Programs that embedded mode has downloaded, where the home is read-only. */
export const PROGRAMS_FOLDER = `${STATE_FOLDER}/programs`
export const LOG_FOLDER = `${STATE_FOLDER}/logs`
export const TILT_LOG = `${LOG_FOLDER}/tilt.log`
/** What embedded mode keeps, relative to the repository. */
export const EMBEDDED_FOLDER = `${STATE_FOLDER}/embedded`
export const DATA_FOLDER = `${EMBEDDED_FOLDER}/data`
export const STATE_FILE = `${EMBEDDED_FOLDER}/state.json`
/** The program of the supervisor: a process that runs it belongs to the checkout that it lies in. */
export const SUPERVISE = 'scripts/supervise.ts'
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
