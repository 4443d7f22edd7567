import { DATA_FOLDER } from '../checkout/paths.ts'
import { findCodespace } from '../codespaces/codespace.ts'
import type { StackDriver } from '../driver/stackDriver.ts'
import { downEmbedded, eraseEmbedded } from './down.ts'
import { lastLines, showLogs } from './logs.ts'
import { checkMachine } from './preflight.ts'
import { embeddedCatalogue } from './state/catalogue.ts'
import { embeddedStatus } from './status.ts'
import { type EmbeddedContext, upEmbedded } from './up.ts'

/** The stack as plain processes under a supervisor. */
export function embeddedDriver(context: EmbeddedContext): StackDriver {
  const { root } = context
  const catalogue = embeddedCatalogue(context.catalogue)
  return {
    mode: 'embedded',
    catalogue,
    codespace: findCodespace(),
    data: `all data in ${DATA_FOLDER}`,
    up: (options) => upEmbedded(context, options),
    async down(onEvent) {
      await downEmbedded(context, onEvent)
    },
    erase: (onEvent) => eraseEmbedded(context, onEvent),
    status: () => embeddedStatus(root, catalogue),
    checkMachine: () => checkMachine(root, catalogue),
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
