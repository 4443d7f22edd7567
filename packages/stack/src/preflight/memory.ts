import { type Check, type CheckResult, neededBytes, type PreflightContext, showBytes } from './check.ts'
import { measureMemory } from './measureMemory.ts'

/** Kubernetes and Tilt themselves. */
const PLATFORM = 2 ** 30

/** There is memory for the stack and what carries it; a container's limit counts. */
export const memoryCheck: Check = checkFor(PLATFORM)

/** There is memory for the stack alone. */
export const embeddedMemoryCheck: Check = checkFor(0)

function checkFor(platform: number): Check {
  return { id: 'memory', title: 'Memory', run: (context) => checkMemory(context, platform) }
}

async function checkMemory({ catalogue, ownPorts }: PreflightContext, platform: number): Promise<CheckResult> {
  const needed = neededBytes(catalogue, 'memoryMb') + platform
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
}
