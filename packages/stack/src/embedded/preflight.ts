import { allEndpoints } from '../catalogue/endpoints.ts'
import type { Check } from '../preflight/check.ts'
import { embeddedDiskCheck } from '../preflight/disk.ts'
import { embeddedMemoryCheck } from '../preflight/memory.ts'
import { portsCheck } from '../preflight/ports.ts'
import { type PreflightResult, runPreflight } from '../preflight/run.ts'
import { stateFolderCheck } from '../preflight/stateFolder.ts'
import type { EmbeddedStack } from './state/embeddedStack.ts'
import type { Running } from './supervisorLink.ts'

/** What embedded mode needs, in the order in which a person would put it right. */
const CHECKS: readonly Check[] = [portsCheck, stateFolderCheck, embeddedDiskCheck, embeddedMemoryCheck]

/**
 * Runs every check of embedded mode on this machine. What this stack itself holds is not in its way.
 * @param running what of it runs.
 */
export async function checkMachine(
  { root, catalogue }: EmbeddedStack,
  running: Running,
): Promise<readonly PreflightResult[]> {
  // What a killed supervisor left is ended before anything starts, so its ports count as ours.
  const isOurs = 'supervisor' in running || (running.kind === 'abandoned' && running.orphans.length > 0)
  const ownPorts = new Set(isOurs ? allEndpoints(catalogue).map(({ localPort }) => localPort) : [])
  return await runPreflight(CHECKS, { root, catalogue, ownPorts })
}
