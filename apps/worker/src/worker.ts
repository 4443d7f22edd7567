import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import { DefaultLogger, type LogEntry, type NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { createActivities } from './activities/activities.ts'
import type { Config } from './config.ts'
import { connect } from './connect.ts'
import { dispatch } from './dispatcher.ts'
import type { HealthServer } from './health.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { reconcile } from './reconciler.ts'
import { convexReports } from './reports.ts'
import { convexSubscriptions } from './service.ts'
import { tokenSource } from './token.ts'
import { temporalStarter } from './workflowStarter.ts'

export interface WorkerOptions {
  readonly config: Config
  readonly health: HealthServer
  readonly metrics: Metrics
  readonly log: Log
  /** Aborts to drain: no new work, what runs gets its grace time. */
  readonly signal: AbortSignal
}

/** Running activities get this long to end. The pod's grace period and stack.yaml's are longer. */
const GRACE_MS = 10_000
const FORCE_MS = 15_000

/**
 * Carries out runs until `signal` aborts, then drains.
 * @throws Error when the worker fails for good, for example because its workflow code does not compile.
 */
export async function work({ config, health, metrics, log, signal }: WorkerOptions): Promise<void> {
  const identity = `${process.pid}@${hostname()}`
  // Its own handlers would end the worker behind our back; its own logger writes another format.
  Runtime.install({ shutdownSignals: [], logger: new DefaultLogger('INFO', (entry) => forward(log, entry)) })
  const connection = await connect(config, log, signal)
  try {
    const token = tokenSource(config.serviceKey, identity)
    const reports = convexReports(config.convexUrl, token)
    const worker = await createWorker(connection, config, identity, createActivities({ reports, metrics, identity }))
    const client = new Client({ connection, namespace: config.namespace })
    const workflows = temporalStarter(client, config.taskQueue)
    const subscriptions = convexSubscriptions(config.convexUrl, token, (error) =>
      log.warn('Convex refuses a subscription', { error: String(error) }),
    )
    const running = worker.run()
    health.setStatus('ok')
    log.info('worker is polling', {
      taskQueue: config.taskQueue,
      temporal: config.temporalAddress,
      convex: config.convexUrl,
    })
    dispatch({ subscriptions, workflows, log, signal, onStarted: () => metrics.runsStarted.inc() })
    const reconciling = reconcile({ subscriptions, workflows, reports, log, signal })
    const drain = () => worker.shutdown()
    signal.addEventListener('abort', drain, { once: true })
    if (signal.aborted) drain()
    try {
      await running
    } finally {
      await subscriptions.close()
      if (signal.aborted) await reconciling
    }
  } finally {
    await connection.close()
  }
}

async function createWorker(
  connection: NativeConnection,
  config: Config,
  identity: string,
  activities: object,
): Promise<Worker> {
  return await Worker.create({
    connection,
    namespace: config.namespace,
    taskQueue: config.taskQueue,
    identity,
    activities,
    shutdownGraceTime: GRACE_MS,
    shutdownForceTime: FORCE_MS,
    ...(config.workflowBundle
      ? { workflowBundle: { codePath: config.workflowBundle } }
      : { workflowsPath: fileURLToPath(new URL('./workflows/index.ts', import.meta.url)) }),
  })
}

function forward(log: Log, { level, message, meta }: LogEntry): void {
  const error = meta?.error instanceof Error ? meta.error.message : undefined
  const runId = typeof meta?.workflowId === 'string' ? meta.workflowId : undefined
  const fields = { ...(runId ? { runId } : {}), ...(error ? { error } : {}) }
  if (level === 'ERROR') log.error(message, fields)
  else if (level === 'WARN') log.warn(message, fields)
  else if (level === 'INFO') log.info(message, fields)
}
