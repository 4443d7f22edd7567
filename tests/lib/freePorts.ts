import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml'

/** Gives every endpoint of a checkout's stack a port that is free now, so that it can run beside another stack. */
export async function useFreePorts(root: string): Promise<void> {
  const file = path.join(root, 'infra/stack.yaml')
  const document = parseDocument(readFileSync(file, 'utf8'))
  const endpoints = ['platform', 'services'].flatMap((part) =>
    maps(document.get(part)).flatMap((entry) => maps(entry.get('endpoints'))),
  )
  const ports = await freePorts(endpoints.length)
  for (const [index, endpoint] of endpoints.entries()) endpoint.set('localPort', ports[index])
  writeFileSync(file, document.toString({ lineWidth: 0 }))
}

/** Ports that are free now. All are held at the same time, so that no two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(
    servers.map(async (server) => {
      server.close()
      await once(server, 'close')
    }),
  )
  return ports
}

function maps(node: unknown): readonly YAMLMap[] {
  return isSeq(node) ? node.items.filter(isMap) : []
}
