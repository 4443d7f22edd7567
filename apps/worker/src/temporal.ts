import { fileURLToPath } from 'node:url'
import {
  bundleWorkflowCode,
  DefaultLogger,
  type LogEntry,
  type Logger,
  NativeConnection,
  type WorkflowBundleOption,
} from '@temporalio/worker'
import type { Config } from './config.ts'
import type { Log, LogLevel } from './log.ts'
import { untilItAnswers } from './untilItAnswers.ts'

const LEVELS = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const
const WORKFLOWS = fileURLToPath(new URL('./workflows/index.ts', import.meta.url))

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

/**
 * The code of the workflows: the file that was bundled when the image was built, or a new bundle of the sources.
 * @param bundled path of that file, if there is one.
 * @throws Error when the sources do not compile or throw when they are loaded, with the place.
 */
export async function workflowBundle(bundled: string | undefined, logger: Logger): Promise<WorkflowBundleOption> {
  if (bundled) return { codePath: bundled }
  // The bundler names no place, and does not see what throws at import: every run would hang without a word.
  await import(WORKFLOWS).catch((error: unknown) => {
    throw new Error(`the workflows cannot be loaded: ${error instanceof Error ? error.stack : String(error)}`)
  })
  return await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger })
}

/** Writes what Temporal's SDK says to our log. Its talk about itself is for debugging; what workflows say is not. */
export function temporalLogger(log: Log): Logger {
  return new DefaultLogger('DEBUG', (entry) => {
    const { meta } = entry
    const error = meta?.error instanceof Error ? meta.error.message : undefined
    const runId = typeof meta?.workflowId === 'string' ? meta.workflowId : undefined
    log[levelOf(entry)](entry.message, { runId, error })
  })
}

function levelOf({ level, meta }: LogEntry): LogLevel {
  const own = LEVELS[level]
  return own === 'info' && meta?.sdkComponent !== 'workflow' && meta?.sdkComponent !== 'activity' ? 'debug' : own
}
