import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { startDashboardProxy } from '@nebula/stack/codespaces/dashboardProxy'
import { parentEnded } from '@nebula/stack/parentEnded'
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
      // Told to end, or Tilt, which started this, is gone.
      await parentEnded(signal).catch(() => {})
      await proxy.close()
      return undefined
    }),
  )

await main(program)
