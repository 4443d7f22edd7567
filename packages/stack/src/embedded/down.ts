import { rm } from 'node:fs/promises'
import path from 'node:path'
import { startOrder } from '../catalogue/graph.ts'
import { DATA_FOLDER } from '../checkout/paths.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import { terminate } from '../system/processes.ts'
import type { EmbeddedStack } from './state/embeddedStack.ts'
import { endAbandoned, findRunning } from './state/running.ts'
import { removeState } from './state/supervisorState.ts'

const SUPERVISOR_GRACE_MS = 10_000
const ORPHAN_GRACE_MS = 5_000

/**
 * Ends the supervisor and all it runs, in reverse order of need. All data stays.
 * @returns whether anything was running.
 */
export async function downEmbedded({ root, catalogue }: EmbeddedStack, onEvent: OnEvent): Promise<boolean> {
  return await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    async () => {
      const running = await findRunning(root)
      const supervisor = 'supervisor' in running ? running.supervisor : null
      if (supervisor) await terminate(supervisor, { signal: 'SIGTERM', graceMs: graceMs(catalogue) })
      // One that had to be killed may have left some of its services.
      const left = supervisor ? await findRunning(root) : running
      const ended = left.kind === 'abandoned' ? await endAbandoned(root, left, ORPHAN_GRACE_MS) : []
      removeState(root)
      return supervisor !== null || ended.length > 0
    },
    (ran) => (ran ? 'stopped, data stays' : 'was not running'),
  )
}

/** Ends everything and deletes the data of all services. Secrets and logs stay. */
export async function eraseEmbedded(stack: EmbeddedStack, onEvent: OnEvent): Promise<void> {
  await downEmbedded(stack, onEvent)
  await reportStep(
    onEvent,
    'data',
    'Data',
    () => rm(path.join(stack.root, DATA_FOLDER), { recursive: true, force: true }),
    () => `${DATA_FOLDER} deleted`,
  )
}

/** The services of one layer end at the same time, the layers one after the other. */
function graceMs(catalogue: EmbeddedStack['catalogue']): number {
  const layers = startOrder(catalogue)
  const slowest = layers.map((layer) => Math.max(...layer.map(({ stop }) => stop.graceMs)))
  return slowest.reduce((sum, ms) => sum + ms, SUPERVISOR_GRACE_MS)
}
