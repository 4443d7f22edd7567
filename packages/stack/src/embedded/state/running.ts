import path from 'node:path'
import { SUPERVISE } from '../../checkout/paths.ts'
import { findScript, isSameProcess, type ProcessIdentity, terminate } from '../../system/processes.ts'
import { type EmbeddedState, readState } from './supervisorState.ts'
import { clearTemporaryFolder, temporaryFolder } from './temporaryFolder.ts'

/**
 * The stack that this checkout's supervisor runs.
 * @returns null when no supervisor runs, whatever one that is gone may have left.
 */
export async function runningState(root: string): Promise<EmbeddedState | null> {
  const state = await readState(root)
  return state && (await isSameProcess(state.supervisor)) ? state : null
}

/**
 * The supervisor of this checkout, also one whose state was deleted (`git clean -xfd`): it is known by what it runs.
 * @returns null when there is none.
 */
export async function findSupervisor(root: string): Promise<ProcessIdentity | null> {
  const state = await runningState(root)
  if (state) return state.supervisor
  return (await findScript(path.join(root, SUPERVISE)))[0] ?? null
}

/** Services whose processes are still there though their supervisor is not, since it was killed. */
export async function orphans(root: string): Promise<readonly { id: string; process: ProcessIdentity }[]> {
  const state = await readState(root)
  if (!state || (await isSameProcess(state.supervisor))) return []
  const children = state.services.flatMap(({ id, process }) => (process ? [{ id, process }] : []))
  const alive = await Promise.all(children.map(({ process }) => isSameProcess(process)))
  return children.filter((_, index) => alive[index])
}

/**
 * Ends the processes that a supervisor left behind, told by pid and start time.
 * @param graceMs how long one may take to end by itself, milliseconds.
 * @returns the ids of their services, what depends on others first.
 */
export async function endOrphans(root: string, graceMs: number): Promise<readonly string[]> {
  const state = await readState(root)
  if (!state || (await isSameProcess(state.supervisor))) return []
  const ended: string[] = []
  for (const { id, process } of state.services.toReversed()) {
    if (!process) continue
    // SIGINT: the real Convex backend knows no other way to end in good order, and all others take it too.
    const result = await terminate(process, { signal: 'SIGINT', graceMs, group: 'leader-first' })
    if (result !== 'was-gone') ended.push(id)
    clearTemporaryFolder(temporaryFolder(root, id))
  }
  return ended
}
