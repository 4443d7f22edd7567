import type { Catalogue } from '../catalogue/schema.ts'
import { DATA_FOLDER } from '../checkout/paths.ts'
import { findCodespace } from '../codespaces/codespace.ts'
import type { StackDriver, StackStatus } from '../driver/stackDriver.ts'
import { loadSecrets, type Secrets } from '../secrets/secrets.ts'
import { type EmbeddedContext, embeddedContext } from './context.ts'
import { downEmbedded, eraseEmbedded } from './down.ts'
import { confirmHealthy, statusesOf } from './follow.ts'
import { lastLines, showLogs } from './logs.ts'
import { checkMachine } from './preflight.ts'
import type { ConvexChoice } from './programs/convexBackend.ts'
import type { Running } from './supervisorLink.ts'
import { upEmbedded } from './up.ts'

/**
 * The stack as plain processes under a supervisor.
 * @param whole all of infra/stack.yaml.
 * @param convex which Convex a start takes.
 */
export function embeddedDriver(root: string, whole: Catalogue, convex: ConvexChoice): StackDriver {
  const context = embeddedContext(root, whole)
  const { catalogue, link } = context
  return {
    mode: 'embedded',
    catalogue,
    codespace: findCodespace(),
    data: `all data in ${DATA_FOLDER}`,
    up: (options) => upEmbedded({ ...context, convex }, options),
    async down(onEvent) {
      await downEmbedded(context, onEvent)
    },
    erase: (onEvent) => eraseEmbedded(context, onEvent),
    status: async () => await embeddedStatus(context, await loadSecrets(root).catch(() => null)),
    checkMachine: async () => checkMachine(context, await link.look()),
    lastLines: (id, count) => lastLines(root, id, count),
    logs: ({ services, ...options }) =>
      showLogs(context, {
        ...options,
        services:
          services.length > 0
            ? services
            : catalogue.services.filter(({ embedded }) => embedded?.argv).map(({ id }) => id),
      }),
  }
}

/** What the stack in embedded mode is doing, without changing anything. */
async function embeddedStatus(context: EmbeddedContext, secrets: Secrets | null): Promise<StackStatus> {
  const running = await context.link.look()
  const services = statusesOf(running, context.catalogue)
  return { platform: describePlatform(running), services: await confirmHealthy(services, context, secrets) }
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
