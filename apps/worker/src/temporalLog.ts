import { DefaultLogger, type LogEntry, type Logger } from '@temporalio/worker'
import type { Log, LogLevel } from './log.ts'

const LEVELS = { TRACE: 'debug', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const

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
