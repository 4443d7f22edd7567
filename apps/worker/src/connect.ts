import { setTimeout as sleep } from 'node:timers/promises'
import { NativeConnection } from '@temporalio/worker'
import type { Config } from './config.ts'
import { type Log, messageOf } from './log.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/**
 * Connects to Temporal, and waits for it and its namespace as long as it takes: a worker that crashes because a
 * dependency is slow only makes noise.
 * @throws the signal's reason when it aborts.
 */
export async function connect(config: Config, log: Log, signal: AbortSignal): Promise<NativeConnection> {
  const address = config.temporalAddress
  const connection = await patiently('Temporal', address, log, signal, () => NativeConnection.connect({ address }))
  await patiently(`namespace ${config.namespace}`, address, log, signal, () =>
    connection.workflowService.describeNamespace({ namespace: config.namespace }),
  )
  return connection
}

async function patiently<T>(
  what: string,
  where: string,
  log: Log,
  signal: AbortSignal,
  action: () => Promise<T>,
): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted()
    try {
      return await action()
    } catch (error) {
      log.info(`waiting for ${what}`, { where, error: messageOf(error) })
    }
    await sleep(pauseMs, undefined, { signal })
  }
}
