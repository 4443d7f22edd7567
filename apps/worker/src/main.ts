import { type Config, readConfig } from './config.ts'
import { serveHealth } from './health.ts'
import { createLog, messageOf } from './log.ts'
import { createMetrics } from './metrics.ts'
import { work } from './worker.ts'

async function main(config: Config): Promise<void> {
  const log = createLog(process.stdout, config.logLevel)
  const metrics = createMetrics()
  const health = await serveHealth({ host: config.healthHost, port: config.healthPort, metrics: metrics.registry })
  log.info('health is served', { url: `http://${config.healthHost}:${health.port}/health` })
  const stopping = new AbortController()
  const stop = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(1)
    log.info('draining: no new work, what runs may end', { signal })
    health.setStatus('stopping')
    stopping.abort()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop)
  try {
    await work({ config, health, metrics, log, signal: stopping.signal })
  } catch (error) {
    if (!stopping.signal.aborted) throw error
  } finally {
    await health.close()
  }
  log.info('stopped')
}

try {
  await main(readConfig(process.env))
  process.exit(0)
} catch (error) {
  createLog(process.stdout).error(messageOf(error))
  process.exit(1)
}
