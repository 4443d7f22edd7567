import path from 'node:path'
import { allEndpoints } from '../catalogue/endpoints.ts'
import { describeHolder, freePortCommand, holdersOfPorts, type PortHolder } from '../ports.ts'
import type { Check } from './check.ts'

/** No stranger holds a port that the stack needs. */
export const portsCheck: Check = {
  id: 'ports',
  title: 'Ports',
  run: async ({ root, catalogue, ownPorts }) => {
    const endpoints = allEndpoints(catalogue).filter(({ localPort }) => !ownPorts.has(localPort))
    const holders = await holdersOfPorts(endpoints.map(({ localPort }) => localPort))
    const taken = endpoints.flatMap((endpoint) => {
      const holder = holders.get(endpoint.localPort)
      return holder ? [{ ...endpoint, holder }] : []
    })
    if (taken.length === 0) {
      const message = endpoints.length === 0 ? 'in use by this stack itself' : `${endpoints.length} ports are free`
      return { status: 'ok', message }
    }
    return {
      status: 'fail',
      message: taken
        .map(({ localPort, label, holder }) => `port ${localPort} (${label}) is taken by ${describeHolder(holder)}`)
        .join('\n'),
      fix: [...new Set(taken.map(({ holder, localPort }) => fixFor(holder, localPort, root)))].join('\n'),
    }
  },
}

/** What runs in this checkout is most likely its stack in the other mode. */
function fixFor(holder: PortHolder, port: number, root: string): string {
  const cwd = holder.unknown ? undefined : holder.cwd
  const isOurs = cwd !== undefined && !path.relative(root, cwd).startsWith('..')
  return isOurs && holder.container === undefined ? 'npm run down' : freePortCommand(holder, port)
}
