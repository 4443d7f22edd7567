import path from 'node:path'
import { allEndpoints } from '../catalogue/endpoints.ts'
import type { Catalogue, Endpoint } from '../catalogue/schema.ts'
import { FORWARDED_PORTS_FILE } from '../checkout/paths.ts'
import { writePrivateFile } from '../system/files.ts'
import { type Codespace, forwardedOrigin } from './codespace.ts'

/**
 * What a person opens: `http://localhost:8080`, in a codespace the URL that GitHub forwards to it. Null for what has no
 * page.
 */
export function personUrl(endpoint: Endpoint, codespace: Codespace | null = null): string | null {
  if (endpoint.scheme !== 'http' || endpoint.audience !== 'person') return null
  const { localPort, path = '' } = endpoint
  return `${codespace ? forwardedOrigin(codespace, localPort) : `http://localhost:${localPort}`}${path}`
}

/** The forwarded origin of every HTTP endpoint, by its local port. Empty outside of a codespace. */
export function forwardedPorts(catalogue: Catalogue, codespace: Codespace | null): Readonly<Record<string, string>> {
  if (!codespace) return {}
  const ports = allEndpoints(catalogue)
    .filter((endpoint) => endpoint.scheme === 'http')
    .map((endpoint) => endpoint.localPort)
  return Object.fromEntries(ports.map((port) => [String(port), forwardedOrigin(codespace, port)]))
}

/** Writes them down for the Tiltfile, which cannot make them itself; outside of a codespace, that there are none. */
export async function writeForwardedPorts(root: string, ports: Readonly<Record<string, string>>): Promise<void> {
  await writePrivateFile(path.join(root, FORWARDED_PORTS_FILE), `${JSON.stringify(ports, null, 2)}\n`)
}
