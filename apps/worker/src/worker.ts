import { hostname } from 'node:os'
import { Client } from '@temporalio/client'
import {
  makeTelemetryFilterString,
  type NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker'
import { createActivities } from './activities.ts'
import type { Config } from './config.ts'
import { dispatch } from './dispatcher.ts'
import type { HealthServer } from './health.ts'
import type { Log } from './log.ts'
import type { Metrics } from './metrics.ts'
import { reconcile } from './reconciler.ts'
import { convexReports } from './reports.ts'
import { convexSubscriptions } from './subscriptions.ts'
import { connect, temporalLogger, workflowBundle } from './temporal.ts'
import { tokenSource } from './token.ts'
import { untilItAnswers } from './untilItAnswers.ts'
import { temporalStarter } from './workflowStarter.ts'

export interface WorkerOptions {
  readonly config: Config
  readonly health: HealthServer
  readonly metrics: Metrics
  readonly log: Log
  /** Aborts to drain: no new work, what runs gets its grace time. */
  readonly signal: AbortSignal
}

/** What is still running this long after the grace time, in milliseconds, is left to another worker. */
const FORCE_AFTER_MS = 2_000

/**
 * Waits for Temporal and Convex, carries out runs until `signal` aborts, then drains.
 * @throws Error when the worker fails for good, for example because its workflow code does not compile; the signal's
 *   reason when it aborts before the worker polls.
 */
export async function work({ config, health, metrics, log, signal }: WorkerOptions): Promise<void> {
  const identity = `${process.pid}@${hostname()}`
  const logger = temporalLogger(log)
  // Its own signal handlers would end the worker behind our back.
  const logging = { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN' }) }
  Runtime.install({ shutdownSignals: [], logger, telemetryOptions: { logging } })
  const token = tokenSource(config.serviceKey, identity)
  const reports = convexReports(config.convexUrl, token)
  const [bundle, connection] = await Promise.all([
    workflowBundle(config.workflowBundle, logger),
    connect(config, log, signal),
    // It answers once the functions are deployed and know our key.
    untilItAnswers({ what: 'Convex', where: config.convexUrl, log, signal }, reports.open),
  ])
  try {
    const activities = createActivities({ reports, metrics, identity })
    const worker = await createWorker({ config, connection, bundle, identity, activities })
    signal.throwIfAborted()
    const running = worker.run()
    signal.addEventListener('abort', () => worker.shutdown(), { once: true })
    health.setStatus('ok')
    const { taskQueue, temporalAddress: temporal, convexUrl: convex } = config
    log.info('worker is polling', { taskQueue, temporal, convex })
    const workflows = temporalStarter(new Client({ connection, namespace: config.namespace }), taskQueue)
    const subscriptions = convexSubscriptions(config.convexUrl, token, log)
    dispatch({ subscriptions, workflows, log, signal, onStarted: () => metrics.runsStarted.inc() })
    void reconcile({ workflows, reports, log, signal })
    try {
      await running
    } finally {
      subscriptions.close()
    }
  } finally {
    await connection.close()
  }
}

interface CreateOptions {
  readonly config: Config
  readonly connection: NativeConnection
  readonly bundle: WorkflowBundleOption
  readonly identity: string
  readonly activities: object
}

async function createWorker({ config, connection, bundle, identity, activities }: CreateOptions): Promise<Worker> {
  return await Worker.create({
    connection,
    namespace: config.namespace,
    taskQueue: config.taskQueue,
    identity,
    activities,
    workflowBundle: bundle,
    // A running step hears with a heartbeat that it is cancelled, so it waits for this at most.
    maxHeartbeatThrottleInterval: '1 second',
    shutdownGraceTime: config.drainGraceMs,
    shutdownForceTime: config.drainGraceMs + FORCE_AFTER_MS,
  })
}
