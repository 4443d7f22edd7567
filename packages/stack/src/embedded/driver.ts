import type { Catalogue } from '../catalogue/schema.ts'
import { DATA_FOLDER } from '../checkout/paths.ts'
import { findCodespace } from '../codespaces/codespace.ts'
import type { ServiceState } from '../driver/serviceStatus.ts'
import type { StackDriver, StackStatus } from '../driver/stackDriver.ts'
import { loadSecrets, type Secrets } from '../secrets/secrets.ts'
import { downEmbedded, eraseEmbedded } from './down.ts'
import { confirmHealthy, statusesOf } from './follow.ts'
import { lastLines, showLogs } from './logs.ts'
import { checkMachine } from './preflight.ts'
import type { ConvexChoice } from './programs/convexBackend.ts'
import { type EmbeddedStack, embeddedStack } from './state/embeddedStack.ts'
import { findSupervisor, orphans, runningState } from './state/running.ts'
import { upEmbedded } from './up.ts'

/**
 * The stack as plain processes under a supervisor.
 * @param whole all of infra/stack.yaml.
 * @param convex which Convex a start takes.
 */
export function embeddedDriver(root: string, whole: Catalogue, convex: ConvexChoice): StackDriver {
  const stack = embeddedStack(root, whole)
  const { catalogue } = stack
  return {
    mode: 'embedded',
    catalogue,
    codespace: findCodespace(),
    data: `all data in ${DATA_FOLDER}`,
    up: (options) => upEmbedded({ ...stack, convex }, options),
    async down(onEvent) {
      await downEmbedded(stack, onEvent)
    },
    erase: (onEvent) => eraseEmbedded(stack, onEvent),
    status: async () => await embeddedStatus(stack, await loadSecrets(root).catch(() => null)),
    checkMachine: () => checkMachine(stack),
    lastLines: (id, count) => lastLines(root, id, count),
    logs: ({ services, ...options }) =>
      showLogs(root, {
        ...options,
        services:
          services.length > 0
            ? services
            : catalogue.services.filter(({ embedded }) => embedded?.argv).map(({ id }) => id),
      }),
  }
}

/** What the stack in embedded mode is doing, without changing anything. */
async function embeddedStatus(stack: EmbeddedStack, secrets: Secrets | null): Promise<StackStatus> {
  const { root, catalogue } = stack
  const state = await runningState(root)
  if (state) {
    const services = await confirmHealthy(statusesOf(state), stack, secrets)
    return { platform: `supervisor (pid ${state.supervisor.pid})`, services }
  }
  const all = (of: (id: string) => { state: ServiceState; reason?: string }) =>
    catalogue.services.map(({ id }) => ({ id, ...of(id) }))
  const supervisor = await findSupervisor(root)
  if (supervisor) {
    const platform = `supervisor (pid ${supervisor.pid}); its state file was deleted and is being rewritten`
    return { platform, services: all(() => ({ state: 'unknown' })) }
  }
  const left = await orphans(root)
  if (left.length === 0) return { platform: 'not running', services: all(() => ({ state: 'stopped' })) }
  const leftover = new Map(left.map(({ id, process }) => [id, process.pid]))
  return {
    platform: 'the supervisor was killed; `npm run up` or `npm run down` ends what it left',
    services: all((id) => {
      const pid = leftover.get(id)
      return pid === undefined ? { state: 'stopped' } : { state: 'unknown', reason: `left over (pid ${pid})` }
    }),
  }
}
