import { allEndpoints, portsOf } from '../catalogue/endpoints.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import type { Check } from '../preflight/check.ts'
import { diskCheck } from '../preflight/disk.ts'
import { dockerCheck } from '../preflight/docker.ts'
import { dockerApiCheck } from '../preflight/dockerApi.ts'
import { inotifyCheck } from '../preflight/inotify.ts'
import { memoryCheck } from '../preflight/memory.ts'
import { portsCheck } from '../preflight/ports.ts'
import { type PreflightResult, runPreflight } from '../preflight/run.ts'
import { stateFolderCheck } from '../preflight/stateFolder.ts'
import { toolChecks } from '../preflight/tools.ts'
import { exec } from '../system/exec.ts'
import type { ClusterContext } from './context.ts'
import type { ClusterDefinition } from './definition.ts'
import { findTilt } from './tilt.ts'

/** What the cluster mode needs, in the order in which a person would put it right. */
export const clusterChecks: readonly Check[] = [
  dockerCheck,
  dockerApiCheck,
  ...toolChecks,
  portsCheck,
  stateFolderCheck,
  diskCheck,
  memoryCheck,
  inotifyCheck,
]

/** Runs every check of the cluster mode on this machine. What this stack itself holds is not in its way. */
export async function checkMachine(context: ClusterContext): Promise<readonly PreflightResult[]> {
  const { root, catalogue, definition, tiltPort } = context
  const [tilt, registry] = await Promise.all([tiltPorts(root, catalogue, tiltPort), registryPorts(definition)])
  const ownPorts = new Set([...(tilt instanceof NebulaError ? [] : tilt), ...registry])
  const results = await runPreflight(clusterChecks, { root, catalogue, ownPorts })
  if (!(tilt instanceof NebulaError)) return results
  // The Tilt of another checkout holds the ports: that says more than the list of them.
  return results.map((result) => (result.id === portsCheck.id ? failedCheck(result, tilt) : result))
}

function failedCheck(result: PreflightResult, { message, hint }: NebulaError): PreflightResult {
  return { ...result, status: 'fail', message, ...(hint ? { fix: hint } : {}) }
}

/** @returns the ports that our Tilt holds, or why another one is in the way. */
async function tiltPorts(root: string, catalogue: Catalogue, port: number): Promise<readonly number[] | NebulaError> {
  try {
    if (!(await findTilt({ root, port }))) return []
  } catch (error) {
    // That Tilt is missing altogether is another check's to say.
    if (error instanceof NebulaError) return error.code === 'TOOL_MISSING' ? [] : error
    throw error
  }
  return [port, ...allEndpoints({ ...catalogue, platform: [] }).flatMap(portsOf)]
}

async function registryPorts(definition: ClusterDefinition): Promise<readonly number[]> {
  const format = ['--format', '{{.State.Running}}']
  const running = await exec(['docker', 'container', 'inspect', definition.registryName, ...format]).catch(() => null)
  return running?.stdout.trim() === 'true' ? [definition.registryPort] : []
}
