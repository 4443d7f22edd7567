import { Counter, collectDefaultMetrics, Registry } from 'prom-client'

/** What the worker counts, for Prometheus. */
export interface Metrics {
  readonly registry: Registry
  readonly runsStarted: Counter
  readonly stepAttempts: Counter<'result'>
}

/** Makes the worker's counters, and those of its process. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return {
    registry,
    runsStarted: new Counter({
      name: 'nebula_runs_started_total',
      help: 'Workflows started for queued runs',
      registers: [registry],
    }),
    stepAttempts: new Counter({
      name: 'nebula_step_attempts_total',
      help: 'Attempts at steps, by how they ended',
      labelNames: ['result'],
      registers: [registry],
    }),
  }
}
