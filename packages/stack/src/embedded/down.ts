import { rm } from 'node:fs/promises'
import path from 'node:path'
import { startOrder } from '../catalogue/graph.ts'
import type { Catalogue } from '../catalogue/schema.ts'
import { DATA_FOLDER } from '../checkout/paths.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import type { EmbeddedContext } from './context.ts'

const SUPERVISOR_GRACE_MS = 10_000

/**
 * Ends the supervisor and all it runs, in reverse order of need. All data stays.
 * @returns whether anything was running.
 */
export async function downEmbedded({ catalogue, link }: EmbeddedContext, onEvent: OnEvent): Promise<boolean> {
  const deadlineMs = graceMs(catalogue)
  return await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    () => link.end(deadlineMs),
    (ran) => (ran ? 'stopped, data stays' : 'was not running'),
  )
}

/** Ends everything and deletes the data of all services. Secrets and logs stay. */
export async function eraseEmbedded(stack: EmbeddedContext, onEvent: OnEvent): Promise<void> {
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
function graceMs(catalogue: Catalogue): number {
  const layers = startOrder(catalogue)
  const slowest = layers.map((layer) => Math.max(...layer.map(({ stop }) => stop.graceMs)))
  return slowest.reduce((sum, ms) => sum + ms, SUPERVISOR_GRACE_MS)
}
