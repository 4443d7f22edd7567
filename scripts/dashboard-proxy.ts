import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { startDashboardProxy } from '@nebula/stack/codespaces/dashboardProxy'
import { until } from '@nebula/stack/until'
import { command, interruptible, main } from './lib/command.ts'
import { wholeNumber } from './lib/options.ts'
import { openStack } from './lib/stack.ts'

const program = command('dashboard-proxy', 'Serve the Convex dashboard and its backend under one origin')
  .requiredOption('--dashboard <port>', 'where the dashboard itself listens', wholeNumber)
  .requiredOption('--forwarded <origin>', 'the origin under which a browser reaches it')
  .action(({ dashboard, forwarded }) =>
    interruptible(async (signal) => {
      const { catalogue } = await openStack()
      const { localPort: port } = findEndpoint(catalogue, 'convex-dashboard', 'ui')
      const proxy = await startDashboardProxy({
        port,
        forwardedOrigin: forwarded,
        dashboardUrl: `http://127.0.0.1:${dashboard}`,
        backendUrl: endpointUrl(catalogue, 'convex-backend', 'api'),
      })
      process.stdout.write(`passing the dashboard of port ${dashboard} on\n`)
      await endOf(process.ppid, signal)
      await proxy.close()
      return undefined
    }),
  )

/** Waits until this is told to end, or until Tilt, which started it, is gone: killed, it ends none of its children. */
async function endOf(parent: number, signal: AbortSignal): Promise<void> {
  const options = { deadlineMs: Number.POSITIVE_INFINITY, intervalMs: 1_000, signal }
  await until(async () => process.ppid !== parent, options).catch(() => {})
}

await main(program)
