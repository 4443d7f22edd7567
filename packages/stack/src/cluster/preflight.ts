import { allEndpoints } from '../catalogue/endpoints.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import type { OnEvent } from '../events.ts'
import { exec } from '../exec.ts'
import { clusterChecks } from '../preflight/clusterChecks.ts'
import { preflightError, runPreflight } from '../preflight/run.ts'
import type { ClusterContext } from './context.ts'
import type { ClusterDefinition } from './definition.ts'
import { findTilt } from './tilt.ts'

/**
 * Looks at everything that the cluster mode needs before anything is started.
 * @throws NebulaError with all that is missing, each with what to do.
 */
export async function preflightCluster(context: ClusterContext, onEvent: OnEvent): Promise<void> {
  const start = performance.now()
  onEvent({ type: 'step', id: 'checks', state: 'started', message: 'Checks' })
  const results = await runPreflight(clusterChecks, {
    root: context.root,
    catalogue: context.catalogue,
    ownPorts: await ownPorts(context),
  })
  const error = preflightError(results)
  if (error) throw error
  const warnings = results.filter((result) => result.status === 'warn')
  for (const { id, message, fix } of warnings) {
    onEvent({ type: 'step', id, state: 'warning', message: fix ? `${message} (${fix})` : message })
  }
  const message = `${results.length - warnings.length} passed${warnings.length > 0 ? `, ${warnings.length} warnings` : ''}`
  onEvent({ type: 'step', id: 'checks', state: 'done', message, ms: Math.round(performance.now() - start) })
}

/** The ports that this stack itself holds: what its Tilt forwards, and its registry. */
export async function ownPorts({
  root,
  catalogue,
  definition,
  tiltPort,
}: ClusterContext): Promise<ReadonlySet<number>> {
  const [tilt, registry] = await Promise.all([tiltPorts(root, catalogue, tiltPort), registryPorts(definition)])
  return new Set([...tilt, ...registry])
}

async function tiltPorts(root: string, catalogue: Catalogue, port: number): Promise<readonly number[]> {
  // Tilt may be missing altogether; another check says so.
  const tilt = await findTilt({ root, port }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'TOOL_MISSING') return null
    throw error
  })
  if (!tilt) return []
  const forwarded = allEndpoints({ ...catalogue, platform: [] }).map((endpoint) => endpoint.localPort)
  return [port, ...forwarded]
}

async function registryPorts(definition: ClusterDefinition): Promise<readonly number[]> {
  const format = ['--format', '{{.State.Running}}']
  const running = await exec(['docker', 'container', 'inspect', definition.registryName, ...format]).catch(() => null)
  return running?.stdout.trim() === 'true' ? [definition.registryPort] : []
}
