import { allEndpoints } from '../catalogue/endpoints.ts'
import type { Check } from '../preflight/check.ts'
import { dataFolderCheck } from '../preflight/dataFolder.ts'
import { embeddedDiskCheck } from '../preflight/disk.ts'
import { embeddedMemoryCheck } from '../preflight/memory.ts'
import { portsCheck } from '../preflight/ports.ts'
import { type PreflightResult, runPreflight } from '../preflight/run.ts'
import type { EmbeddedStack } from './state/embeddedStack.ts'
import { orphans, runningState } from './state/running.ts'

/** What embedded mode needs, in the order in which a person would put it right. */
const CHECKS: readonly Check[] = [portsCheck, dataFolderCheck, embeddedDiskCheck, embeddedMemoryCheck]

/** Runs every check of embedded mode on this machine. What this stack itself holds is not in its way. */
export async function checkMachine({ root, catalogue }: EmbeddedStack): Promise<readonly PreflightResult[]> {
  // What a killed supervisor left is ended before anything starts, so its ports count as ours.
  const isOurs = (await runningState(root)) !== null || (await orphans(root)).length > 0
  const ownPorts = new Set(isOurs ? allEndpoints(catalogue).map(({ localPort }) => localPort) : [])
  return await runPreflight(CHECKS, { root, catalogue, ownPorts })
}
