import path from 'node:path'
import { SUPERVISE } from '../../checkout/paths.ts'
import { findScript, isSameProcess, type Mark, type ProcessIdentity, terminate } from '../../system/processes.ts'
import { until } from '../../system/until.ts'
import { type EmbeddedState, readState } from './supervisorState.ts'
import { clearTemporaryFolder, temporaryFolder } from './temporaryFolder.ts'

/** A supervisor and what it says it runs. */
export interface Supervised {
  readonly kind: 'supervised'
  readonly supervisor: ProcessIdentity
  readonly state: EmbeddedState
}

/** A supervisor whose state was deleted (`git clean -xfd`): it writes it again, until then nobody knows of its services. */
export interface Unwritten {
  readonly kind: 'unwritten'
  readonly supervisor: ProcessIdentity
}

/** What a supervisor that was killed has left. */
export interface Abandoned {
  readonly kind: 'abandoned'
  readonly services: EmbeddedState['services']
  /** Those whose process is still there. */
  readonly orphans: readonly { id: string; process: ProcessIdentity }[]
}

/** What runs in a checkout, as one look found it. */
export type Running = Supervised | Unwritten | Abandoned | { readonly kind: 'nothing' }

const INTERVAL_MS = 50

/** Looks what of this checkout runs: by what its supervisor wrote down, and without that by what it is. */
export async function findRunning(root: string): Promise<Running> {
  const state = await readState(root)
  if (state && (await isSameProcess(state.supervisor))) {
    return { kind: 'supervised', supervisor: state.supervisor, state }
  }
  const [supervisor] = await findScript(path.join(root, SUPERVISE))
  if (supervisor) return { kind: 'unwritten', supervisor }
  return state ? await abandoned(root, state) : { kind: 'nothing' }
}

/**
 * Looks again and again until a supervisor has written down what is waited for.
 * @returns null when it has not within the deadline.
 */
export async function untilWritten(
  root: string,
  isSo: (state: EmbeddedState) => boolean,
  deadlineMs: number,
): Promise<Supervised | null> {
  let found: Supervised | null = null
  const isWritten = async () => {
    const running = await findRunning(root)
    found = running.kind === 'supervised' && isSo(running.state) ? running : null
    return found !== null
  }
  await until(isWritten, { deadlineMs, intervalMs: INTERVAL_MS })
  return found
}

async function abandoned(root: string, { services }: EmbeddedState): Promise<Abandoned> {
  const children = services.flatMap(({ id, process }) => (process ? [{ id, process }] : []))
  const mark = ownerMark(root)
  const alive = await Promise.all(children.map(({ process }) => isSameProcess(process, mark)))
  return { kind: 'abandoned', services, orphans: children.filter((_, index) => alive[index]) }
}

/** What every process of this checkout's stack has in its environment. */
export function ownerMark(root: string): Mark {
  return ['NEBULA_STACK_OF', root]
}

/**
 * Ends the processes that a supervisor left behind, told by pid, start time and the checkout in their environment.
 * @param graceMs how long one may take to end by itself, milliseconds.
 * @returns the ids of their services, what depends on others first.
 */
export async function endAbandoned(root: string, { services }: Abandoned, graceMs: number): Promise<readonly string[]> {
  const ended: string[] = []
  for (const { id, process } of services.toReversed()) {
    if (!process) continue
    // SIGINT: the real Convex backend knows no other way to end in good order, and all others take it too.
    const how = { signal: 'SIGINT', graceMs, group: 'leader-first', mark: ownerMark(root) } as const
    if ((await terminate(process, how)) !== 'was-gone') ended.push(id)
    clearTemporaryFolder(temporaryFolder(root, id))
  }
  return ended
}
