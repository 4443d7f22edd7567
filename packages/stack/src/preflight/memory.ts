import { type Check, neededBytes, showBytes } from './check.ts'
import { measureMemory } from './measureMemory.ts'

/** Kubernetes and Tilt themselves. */
const PLATFORM = 2 ** 30

/** There is memory for the stack; a container's limit counts. */
export const memoryCheck: Check = {
  id: 'memory',
  title: 'Memory',
  run: async ({ catalogue, ownPorts }) => {
    const needed = neededBytes(catalogue, 'memoryMb') + PLATFORM
    const { available, total, limitedBy } = await measureMemory()
    const limit = limitedBy === 'container' ? ` (the limit of this container)` : ''
    if (total < needed) {
      return {
        status: 'fail',
        message: `${showBytes(total)} of memory${limit}; the stack takes up to ${showBytes(needed)}`,
        fix: 'give the container, the virtual machine or Docker Desktop more memory',
      }
    }
    const isRunning = ownPorts.size > 0
    if (available < needed && !isRunning) {
      return {
        status: 'warn',
        message: `${showBytes(available)} of memory available${limit}; the stack takes up to ${showBytes(needed)}`,
        fix: 'close what is not needed, or give the machine more memory',
      }
    }
    return { status: 'ok', message: `${showBytes(available)} of memory available${limit}` }
  },
}
