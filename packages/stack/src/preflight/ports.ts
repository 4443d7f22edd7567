import path from 'node:path'
import { allEndpoints, portsOf } from '../catalogue/endpoints.ts'
import type { PortHolder } from '../system/ports/listener.ts'
import { describeHolder, freePortCommand, holdersOfPorts } from '../system/ports/ports.ts'
import type { Check } from './check.ts'

/** No stranger holds a port that the stack needs. */
export const portsCheck: Check = {
  id: 'ports',
  title: 'Ports',
  run: async ({ root, catalogue, ownPorts }) => {
    const needed = allEndpoints(catalogue).flatMap((endpoint) =>
      portsOf(endpoint).flatMap((port) => (ownPorts.has(port) ? [] : [{ port, label: endpoint.label }])),
    )
    const holders = await holdersOfPorts(needed.map(({ port }) => port))
    const taken = needed.flatMap(({ port, label }) => {
      const holder = holders.get(port)
      return holder ? [{ port, label, holder }] : []
    })
    if (taken.length === 0) {
      const message = needed.length === 0 ? 'in use by this stack itself' : `${needed.length} ports are free`
      return { status: 'ok', message }
    }
    return {
      status: 'fail',
      message: taken
        .map(({ port, label, holder }) => `port ${port} (${label}) is taken by ${describeHolder(holder)}`)
        .join('\n'),
      fix: [...new Set(taken.map(({ holder, port }) => fixFor(holder, port, root)))].join('\n'),
    }
  },
}

/** What runs in this checkout is most likely its stack in the other mode. */
function fixFor(holder: PortHolder, port: number, root: string): string {
  const cwd = holder.unknown ? undefined : holder.cwd
  const isOurs = cwd !== undefined && !path.relative(root, cwd).startsWith('..')
  return isOurs && holder.container === undefined ? 'npm run down' : freePortCommand(holder, port)
}
