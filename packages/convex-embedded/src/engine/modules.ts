import { clearTimeout, setTimeout } from 'node:timers'
import type { Deployment } from '../deploy/deployment.ts'
import type { DeployedFunction } from '../deploy/functions.ts'
import { currentExecution, runAs } from './execution.ts'
import { RequestError } from './functionError.ts'
import { describeMismatch, findMismatch } from './validator.ts'

const TRANSACTION_TIMEOUT_MS = 15_000

/** A function as convex-test takes it. */
interface WrappedFunction {
  readonly isQuery: boolean
  readonly isMutation: boolean
  readonly isAction: boolean
  readonly _handler: (ctx: unknown, args: unknown) => Promise<unknown>
  exportArgs(): string
  exportReturns(): string
}

/**
 * Answers convex-test's question for a module: the deployed functions of it, wrapped so that the engine knows which
 * one runs. Reads the deployment each time, so that the next call after a push runs the new code.
 */
export function makeModules(deployment: () => Deployment): (path: string) => Promise<unknown> {
  const cache = new WeakMap<Deployment, Map<string, Record<string, WrappedFunction>>>()
  return async (path) => {
    const current = deployment()
    if (path === 'http')
      return { default: { lookup: (url: string, method: string) => findRoute(current, url, method) } }
    let modules = cache.get(current)
    if (!modules) {
      modules = wrapAll(current)
      cache.set(current, modules)
    }
    const found = modules.get(path.replace(/\.js$/, ''))
    if (found) return found
    throw new RequestError(`Could not find module "${path}"`)
  }
}

function wrapAll(deployment: Deployment): Map<string, Record<string, WrappedFunction>> {
  const modules = new Map<string, Record<string, WrappedFunction>>()
  for (const deployed of deployment.functions.values()) {
    const module = modules.get(deployed.module) ?? Object.create(null)
    module[deployed.name] = wrap(deployed)
    modules.set(deployed.module, module)
  }
  return modules
}

function wrap(deployed: DeployedFunction): WrappedFunction {
  return {
    isQuery: deployed.kind === 'query',
    isMutation: deployed.kind === 'mutation',
    isAction: deployed.kind === 'action',
    exportArgs: () => deployed.argsJson,
    // Checked below instead: convex-test would check what a mutation returns after it has committed.
    exportReturns: () => 'null',
    _handler: async (ctx, args) => {
      const call = currentExecution()?.call
      if (!call) throw new Error(`${deployed.path} was started past the engine`)
      return await runAs(deployed.kind, call, async () => {
        const value = (await withinTime(deployed, ctx, args)) ?? null
        const mismatch = deployed.returns && findMismatch(deployed.returns, value)
        if (mismatch) throw new RequestError(`ReturnsValidationError: ${describeMismatch(mismatch)}`)
        // The outermost mutation is the last one to get here before the commit.
        if (deployed.kind === 'mutation') call.result = value
        return value
      })
    },
  }
}

/**
 * All transactions wait for the one that runs, so one that waits for nothing would stop the deployment. Convex gives
 * them a second; here they share the processor with everything else.
 */
async function withinTime(deployed: DeployedFunction, ctx: unknown, args: unknown): Promise<unknown> {
  if (deployed.kind === 'action') return await deployed.handler(ctx, args)
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((_resolve, reject) => {
    const seconds = TRANSACTION_TIMEOUT_MS / 1000
    const message = `Function execution timed out (maximum duration: ${seconds}s)`
    // Not the global one: convex-test forbids that one here.
    timer = setTimeout(() => reject(new RequestError(message)), TRANSACTION_TIMEOUT_MS)
  })
  try {
    return await Promise.race([deployed.handler(ctx, args), timeout])
  } finally {
    clearTimeout(timer)
  }
}

function findRoute(deployment: Deployment, url: string, method: string) {
  const found = deployment.http?.lookup(url, method)
  if (!found) return null
  const [handler, ...rest] = found
  const _handler = async (ctx: unknown, placeholder: Request): Promise<Response> => {
    const call = currentExecution()?.call
    if (!call || !handler._handler) throw new Error(`${url} is routed to something that is no HTTP action`)
    const run = handler._handler
    return await runAs('httpAction', call, () => run(ctx, call.httpRequest ?? placeholder))
  }
  return [{ _handler }, ...rest]
}
