import { type Checkout, copyCheckout } from '../lib/checkout.ts'
import { useFreePorts } from '../lib/freePorts.ts'
import { nebula } from '../lib/nebula.ts'

/**
 * One checkout for all embedded tests, in a folder with a space in its name and with ports of its own: the files run one
 * after the other, and each brings the stack into the state that it needs.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const checkout = copyCheckout('a checkout')
  await useFreePorts(checkout.root)
  process.env.NEBULA_TEST_CHECKOUT = checkout.root
  return () => tearDown(checkout)
}

async function tearDown(checkout: Checkout): Promise<void> {
  await nebula(checkout.root, ['down', '--mode', 'embedded'])
  checkout.remove()
}
