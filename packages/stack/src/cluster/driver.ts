import type { Catalogue } from '../catalogue/schema.ts'
import type { ServiceState } from '../driver/serviceStatus.ts'
import type { LogOptions, StackDriver, StackStatus } from '../driver/stackDriver.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { loadSecrets } from '../secrets/secrets.ts'
import { attempt } from '../system/attempt.ts'
import { exec } from '../system/exec.ts'
import { type ClusterContext, clusterContext } from './context.ts'
import { deleteCluster, downCluster } from './down.ts'
import { observeServices, tiltStatus } from './follow.ts'
import { observeCluster } from './observe.ts'
import { podWatch } from './podWatch.ts'
import { checkMachine } from './preflight.ts'
import { findTilt } from './tilt.ts'
import { TILTFILE_RESOURCE, tiltLogs, tiltResources } from './tiltResource.ts'
import { upCluster } from './up.ts'

/**
 * The stack on k3d.
 * @throws NebulaError when infra/ctlptl.yaml is wrong.
 */
export async function clusterDriver(root: string, catalogue: Catalogue): Promise<StackDriver> {
  const context = await clusterContext(root, catalogue)
  const { tiltPort, definition } = context
  return {
    mode: 'cluster',
    catalogue,
    codespace: context.codespace,
    data: `the cluster ${definition.context} and all data (the volume ${definition.data.volume})`,
    up: (options) => upCluster(context, options),
    async down(onEvent) {
      await downCluster(context, onEvent)
    },
    erase: (onEvent) => deleteCluster(context, onEvent),
    status: async () => await clusterStatus(context, await loadSecrets(root).catch(() => null)),
    checkMachine: () => checkMachine(context),
    async lastLines(id, count) {
      const pods = podWatch(context)
      const trouble = (await pods.look()).get(id)
      return trouble ? await pods.lastLines(trouble, count) : await tiltLogs(tiltPort, id, count)
    },
    async logs(options) {
      if (!(await findTilt({ root, port: tiltPort }))) throw notRunning()
      // Tilt says it among the lines of everything else, and of named services not at all.
      const sayProblem = async () => {
        const tilt = await tiltStatus((await tiltResources(tiltPort))?.get(TILTFILE_RESOURCE), root)
        if (tilt) options.onLine(`${tilt.id} │ ${tilt.reason}`)
      }
      if (options.follow) await sayProblem()
      await showLogs(tiltPort, options)
      if (!options.follow) await sayProblem()
    },
  }
}

/**
 * What the stack on k3d is doing, without changing anything.
 * @param secrets null when there are none yet: then nothing was ever started from this checkout.
 */
async function clusterStatus(context: ClusterContext, secrets: Secrets | null): Promise<StackStatus> {
  const { catalogue, definition, tiltPort } = context
  const [seen, tilt] = await Promise.all([observeCluster(definition), findTilt({ root: context.root, port: tiltPort })])
  const all = (state: ServiceState, reason?: string) =>
    catalogue.services.map((service) => ({ id: service.id, state, ...(reason ? { reason } : {}) }))

  if (seen.nodes === 'absent')
    return { platform: `there is no cluster ${definition.context}`, services: all('stopped') }
  if (seen.nodes !== 'running') return { platform: `${definition.context} is ${seen.nodes}`, services: all('stopped') }
  if (!tilt || !secrets) {
    const platform = `${definition.context} runs, Tilt does not: nothing is forwarded to this machine`
    return { platform, services: all('unknown', 'Tilt is not running') }
  }
  const services = await observeServices(
    { root: context.root, catalogue, secrets, tiltPort, pods: podWatch(context) },
    null,
  )
  return { platform: `${definition.context} and Tilt are running`, services }
}

async function showLogs(port: number, { services, tail, follow, signal, onLine }: LogOptions): Promise<void> {
  const flags = ['--port', String(port), '--tail', String(tail), ...(follow ? ['--follow'] : [])]
  const options = { signal, onLine, timeoutMs: null, keepOutput: false }
  const ended = await attempt(exec(['tilt', 'logs', ...flags, ...services], options))
  // As in embedded mode: it was to go on until then.
  if (signal.aborted) return
  if (ended instanceof Error) throw ended
  if (ended.exitCode !== 0)
    throw new NebulaError(`\`tilt logs\` ended with exit code ${ended.exitCode}`, {
      code: 'TILT_FAILED',
      hint: 'npm run status',
    })
}

function notRunning(): NebulaError {
  return new NebulaError('Tilt is not running: there are no logs to show', {
    code: 'NOT_RUNNING',
    hint: 'npm run up',
    exitCode: ExitCode.Precondition,
  })
}
