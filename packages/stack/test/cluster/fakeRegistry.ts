import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface FakeRegistry {
  readonly port: number
  /** What a path of the API has, `temporalio/ui/manifests/2`; also by digest. */
  readonly manifests: Map<string, string>
  /** What it answers to everything from now on; undefined: what is asked for. */
  status: number | undefined
  close(): void
}

/** An image registry that keeps manifests and knows nothing of what they name. */
export async function fakeRegistry(): Promise<FakeRegistry> {
  const manifests = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').replace('/v2/', '')
    const body = await text(request)
    if (registry.status !== undefined) return void response.writeHead(registry.status).end()
    if (request.method === 'PUT') {
      manifests.set(path, body)
      return void response.writeHead(201).end()
    }
    const manifest = manifests.get(path)
    if (manifest === undefined) return void response.writeHead(404).end()
    const headers = { 'content-type': JSON.parse(manifest).mediaType, 'docker-content-digest': digestOf(manifest) }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : manifest)
  }).listen(0, '127.0.0.1')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(close)
  await new Promise((resolve) => server.once('listening', resolve))
  // The address of a server that listens on a port is no pipe's.
  const registry: FakeRegistry = { port: (server.address() as AddressInfo).port, manifests, status: undefined, close }
  return registry
}

/** The digest that a registry gives a text. */
export function digestOf(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
