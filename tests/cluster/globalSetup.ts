import { type Checkout, copyCheckout } from '../lib/checkout.ts'
import { nebula } from '../lib/nebula.ts'

/**
 * One checkout for all cluster tests: the files run one after the other and build on the stack that the first one
 * brings up. The tier only runs where there was no cluster, so all of it is ours to delete.
 */
export default function setup(): () => Promise<void> {
  // Folders of people's own have spaces in them.
  const checkout = copyCheckout('nebula stack')
  process.env.NEBULA_TEST_CHECKOUT = checkout.root
  return () => tearDown(checkout)
}

async function tearDown(checkout: Checkout): Promise<void> {
  await nebula(checkout.root, ['reset', '--yes', '--no-up'])
  // Stops the registry too.
  await nebula(checkout.root, ['down'])
  checkout.remove()
}
