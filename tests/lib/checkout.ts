import path from 'node:path'
import { type CheckoutCopy, copyCheckout as copy } from '../../scripts/lib/checkoutCopy.ts'

/** The repository that the tests belong to. */
export const repository = path.resolve(import.meta.dirname, '../..')

export type Checkout = CheckoutCopy

/**
 * Copies the repository, without what git ignores, to a temporary folder: tests edit files and start stacks in it.
 * @param name the folder's name, `nebula` by default; one with a space in it is a test of its own.
 */
export function copyCheckout(name = 'nebula'): Checkout {
  return copy(repository, 'nebula-test-', name)
}
