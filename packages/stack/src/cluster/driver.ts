import type { Catalogue } from '../catalogue/schema.ts'
import type { LogOptions, StackDriver } from '../driver/stackDriver.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { loadSecrets } from '../secrets/secrets.ts'
import { attempt } from '../system/attempt.ts'
import { exec } from '../system/exec.ts'
import { clusterContext } from './context.ts'
import { deleteCluster, downCluster } from './down.ts'
import { podWatch } from './podWatch.ts'
import { checkMachine } from './preflight.ts'
import { clusterStatus } from './status.ts'
import { findTilt } from './tilt.ts'
import { tiltLogs } from './tiltResource.ts'
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
    data: `the cluster ${definition.context} and all data in it`,
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
      await showLogs(tiltPort, options)
    },
  }
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
