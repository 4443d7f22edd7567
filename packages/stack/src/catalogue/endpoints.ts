import type { Catalogue, Endpoint } from './schema.ts'

/** An endpoint with whose it is. */
export interface OwnedEndpoint extends Endpoint {
  readonly owner: string
  readonly ownerTitle: string
}

/** Every endpoint of the platform and the services, in the catalogue's order. */
export function allEndpoints(catalogue: Pick<Catalogue, 'platform' | 'services'>): readonly OwnedEndpoint[] {
  return [...catalogue.platform, ...catalogue.services].flatMap((entry) =>
    entry.endpoints.map((endpoint) => ({ ...endpoint, owner: entry.id, ownerTitle: entry.title })),
  )
}

/** The ports of this machine that an endpoint takes. */
export function portsOf({ localPort, forwardPort }: Endpoint): readonly number[] {
  return forwardPort === undefined ? [localPort] : [localPort, forwardPort]
}

/**
 * The endpoint of a service or of the platform.
 * @throws TypeError when the catalogue has none of that name: a mistake in the code that asks.
 */
export function findEndpoint(
  catalogue: Pick<Catalogue, 'platform' | 'services'>,
  owner: string,
  name: string,
): OwnedEndpoint {
  const endpoint = allEndpoints(catalogue).find((candidate) => candidate.owner === owner && candidate.name === name)
  if (!endpoint) throw new TypeError(`infra/stack.yaml: "${owner}" has no endpoint "${name}"`)
  return endpoint
}

/** `http://127.0.0.1:3210`: where code on this machine reaches it. */
export function endpointUrl(catalogue: Catalogue, owner: string, name: string): string {
  return `http://127.0.0.1:${findEndpoint(catalogue, owner, name).localPort}`
}

/** `127.0.0.1:7233`, for what is no URL. */
export function endpointAddress(catalogue: Catalogue, owner: string, name: string): string {
  return `127.0.0.1:${findEndpoint(catalogue, owner, name).localPort}`
}
