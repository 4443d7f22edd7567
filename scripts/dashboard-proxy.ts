import path from 'node:path'
import { endpointUrl, findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { findRoot, STACK_FILE } from '@nebula/stack/checkout/root'
import { startDashboardProxy } from '@nebula/stack/codespaces/dashboardProxy'
import { loadSecrets } from '@nebula/stack/secrets/secrets'
import { parentEnded } from '@nebula/stack/system/parentEnded'
import { command, interruptible, main } from './lib/command.ts'
import { wholeNumber } from './lib/options.ts'

const program = command('dashboard-proxy', 'Stand in front of the Convex dashboard')
  .requiredOption('--dashboard <port>', 'where the dashboard itself listens', wholeNumber)
  .option('--forwarded <origin>', 'in a codespace, the origin under which a browser reaches it')
  .action(({ dashboard, forwarded }) =>
    interruptible(async (signal) => {
      // Not the whole stack: this runs as long as the cluster does, and needs little of it.
      const root = await findRoot(import.meta.dirname)
      const catalogue = await loadCatalogue(path.join(root, STACK_FILE))
      const { localPort: port } = findEndpoint(catalogue, 'convex-dashboard', 'ui')
      const proxy = await startDashboardProxy({
        port,
        dashboardUrl: `http://127.0.0.1:${dashboard}`,
        backendUrl: endpointUrl(catalogue, 'convex-backend', 'api'),
        adminKey: (await loadSecrets(root)).convexAdminKey,
        ...(forwarded === undefined ? {} : { forwardedOrigin: forwarded }),
      })
      process.stdout.write(`passing the dashboard of port ${dashboard} on\n`)
      // Told to end, or Tilt, which started this, is gone.
      await parentEnded(signal).catch(() => {})
      await proxy.close()
      return undefined
    }),
  )

await main(program)
