import { acquireLock } from '@nebula/stack/checkout/lock'
import type { StartResult } from '@nebula/stack/driver/followServices'
import type { UpOptions } from '@nebula/stack/driver/stackDriver'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { reportFailures } from './failures.ts'
import { withRenderer } from './render/withRenderer.ts'
import { formatMs } from './render/words.ts'
import type { OpenedCheckout } from './stack.ts'
import { urlTable } from './summary.ts'

const OUTCOMES: Record<StartResult['outcome'], ExitCode> = {
  green: ExitCode.Green,
  failed: ExitCode.ServiceFailed,
  'timed-out': ExitCode.TimedOut,
}

/** How long the services may take, in seconds, when nobody says otherwise. */
export const DEFAULT_TIMEOUT_S = 1200

export interface StartOptions {
  readonly signal: AbortSignal
  /** Seconds. */
  readonly timeout?: number
  /** One JSON object a line on stdout. */
  readonly json?: boolean | undefined
  /** Shows errors only. */
  readonly quiet?: boolean | undefined
}

/**
 * Has a stack started while no other command changes it, shows how that goes, and says where to open what, or what went
 * wrong.
 * @param up starts it.
 * @throws what `up` throws, and NebulaError when another command is at work.
 */
export async function start(
  { root, driver, choice }: OpenedCheckout,
  { signal, timeout = DEFAULT_TIMEOUT_S, json, quiet }: StartOptions,
  up: (options: UpOptions) => Promise<StartResult>,
): Promise<ExitCode> {
  const began = performance.now()
  await using _ = await acquireLock(root, 'up')
  const { catalogue } = driver
  const result = await withRenderer(catalogue, { json, quiet }, async (onEvent) => {
    onEvent({ type: 'mode', ...choice })
    return await up({ onEvent, timeoutMs: timeout * 1000, signal })
  })
  const ms = Math.round(performance.now() - began)
  if (json) {
    process.stdout.write(`${JSON.stringify({ type: 'end', outcome: result.outcome, ms, services: result.services })}\n`)
  } else if (result.outcome === 'green' && !quiet) {
    process.stdout.write(`\nReady in ${formatMs(ms)}\n\n${urlTable(driver, result.services)}\n`)
  }
  if (result.outcome !== 'green') {
    await reportFailures(catalogue, result.services, (id) => driver.lastLines(id, 20))
  }
  return OUTCOMES[result.outcome]
}
