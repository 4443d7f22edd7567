import { findEndpoint } from '@nebula/stack/catalogue/endpoints'
import type { Catalogue } from '@nebula/stack/catalogue/schema'
import { findCodespace, forwardedOrigin } from '@nebula/stack/codespaces/codespace'
import type { CanonicalUrls } from '@nebula/stack/convex/canonicalUrls'
import { deployFunctions } from '@nebula/stack/convex/deployFunctions'
import { loadSecrets } from '@nebula/stack/secrets/secrets'
import { command, interruptible, main } from './lib/command.ts'
import { openStack } from './lib/stack.ts'

const program = command('deploy-functions', "Deploy packages/convex to the stack's Convex backend").action(() =>
  interruptible(async (signal) => {
    const { root, catalogue } = await openStack()
    const secrets = await loadSecrets(root)
    await deployFunctions({
      root,
      catalogue,
      secrets,
      canonicalUrls: forwardedUrls(catalogue),
      signal,
      onLine: (line) => void process.stdout.write(`${line}\n`),
    })
    return undefined
  }),
)

/** The backend's URLs in a codespace; elsewhere browsers use the same ones as everybody. */
function forwardedUrls(catalogue: Catalogue): CanonicalUrls | undefined {
  const codespace = findCodespace()
  if (!codespace) return undefined
  const origin = (endpoint: string) =>
    forwardedOrigin(codespace, findEndpoint(catalogue, 'convex-backend', endpoint).localPort)
  return { convexCloud: origin('api'), convexSite: origin('site') }
}

await main(program)
