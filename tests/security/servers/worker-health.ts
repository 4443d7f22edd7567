import { serveHealth } from '../../../apps/worker/src/health.ts'
import { createMetrics } from '../../../apps/worker/src/metrics.ts'

const health = await serveHealth({ host: '127.0.0.1', port: 0, metrics: createMetrics().registry })
health.setStatus('ok')
process.stdout.write(`listens on ${health.port}\n`)
