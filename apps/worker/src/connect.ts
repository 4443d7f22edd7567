import { NativeConnection } from '@temporalio/worker'
import type { Config } from './config.ts'
import type { Log } from './log.ts'
import { untilItAnswers } from './untilItAnswers.ts'

/**
 * Connects to Temporal, and waits for it and its namespace.
 * @throws the signal's reason when it aborts.
 */
export async function connect(config: Config, log: Log, signal: AbortSignal): Promise<NativeConnection> {
  const address = config.temporalAddress
  const { namespace } = config
  const connection = await untilItAnswers({ what: 'Temporal', where: address, log, signal }, () =>
    NativeConnection.connect({ address }),
  )
  try {
    await untilItAnswers({ what: `Temporal's namespace ${namespace}`, where: address, log, signal }, () =>
      connection.workflowService.describeNamespace({ namespace }),
    )
  } catch (error) {
    await connection.close()
    throw error
  }
  return connection
}
