import { allEndpoints } from '../catalogue/endpoints.ts'
import { describeHolder, freePortCommand, holdersOfPorts } from '../ports.ts'
import type { Check } from './check.ts'

/** No stranger holds a port that the stack needs. */
export const portsCheck: Check = {
  id: 'ports',
  title: 'Ports',
  run: async ({ catalogue, ownPorts }) => {
    const endpoints = allEndpoints(catalogue).filter(({ localPort }) => !ownPorts.has(localPort))
    const holders = await holdersOfPorts(endpoints.map(({ localPort }) => localPort))
    const taken = endpoints.flatMap((endpoint) => {
      const holder = holders.get(endpoint.localPort)
      return holder ? [{ ...endpoint, holder }] : []
    })
    if (taken.length === 0) return { status: 'ok', message: `${endpoints.length} ports are free` }
    return {
      status: 'fail',
      message: taken
        .map(({ localPort, label, holder }) => `port ${localPort} (${label}) is taken by ${describeHolder(holder)}`)
        .join('\n'),
      fix: [...new Set(taken.map(({ holder, localPort }) => freePortCommand(holder, localPort)))].join('\n'),
    }
  },
}
