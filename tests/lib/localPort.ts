import { readFileSync } from 'node:fs'
import path from 'node:path'
import { findEndpoint } from '@nebula/stack/catalogue/endpoints'
import { parseCatalogue } from '@nebula/stack/catalogue/load'
import { STACK_FILE } from '@nebula/stack/checkout/root'

/**
 * The port of this machine that an endpoint of a checkout's stack has.
 * @throws TypeError when the stack has no such endpoint.
 */
export function localPortOf(root: string, owner: string, name: string): number {
  const catalogue = parseCatalogue(readFileSync(path.join(root, STACK_FILE), 'utf8'), STACK_FILE)
  return findEndpoint(catalogue, owner, name).localPort
}
