import type { Catalogue } from '../catalogue/schema.ts'
import { DATA_FOLDER } from '../checkout/paths.ts'
import { findCodespace } from '../codespaces/codespace.ts'
import type { StackDriver, StackStatus } from '../driver/stackDriver.ts'
import { loadSecrets, type Secrets } from '../secrets/secrets.ts'
import { downEmbedded, eraseEmbedded } from './down.ts'
import { confirmHealthy, statusesOf } from './follow.ts'
import { lastLines, showLogs } from './logs.ts'
import { checkMachine } from './preflight.ts'
import type { ConvexChoice } from './programs/convexBackend.ts'
import { type EmbeddedStack, embeddedStack } from './state/embeddedStack.ts'
import { findRunning, type Running } from './state/running.ts'
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
    checkMachine: async () => checkMachine(stack, await findRunning(root)),
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
  const running = await findRunning(stack.root)
  const services = statusesOf(running, stack.catalogue)
  return { platform: describePlatform(running), services: await confirmHealthy(services, stack, secrets) }
}

function describePlatform(running: Running): string {
  switch (running.kind) {
    case 'supervised':
      return `supervisor (pid ${running.supervisor.pid})`
    case 'unwritten':
      return `supervisor (pid ${running.supervisor.pid}); its state file was deleted and is being rewritten`
    case 'abandoned':
      return running.orphans.length === 0
        ? 'not running'
        : 'the supervisor was killed; `npm run up` or `npm run down` ends what it left'
    case 'nothing':
      return 'not running'
  }
}
