import type { Deployment } from '../deploy/deployment.ts'
import type { DeployedFunction } from '../deploy/functions.ts'
import { currentExecution, runAs } from './execution.ts'
import { RequestError } from './functionError.ts'
import { describeMismatch, findMismatch } from './validator.ts'

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
    const module = modules.get(deployed.module) ?? {}
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
        const value = (await deployed.handler(ctx, args)) ?? null
        const mismatch = deployed.returns && findMismatch(deployed.returns, value)
        if (mismatch) throw new RequestError(`ReturnsValidationError: ${describeMismatch(mismatch)}`)
        // The outermost mutation is the last one to get here before the commit.
        if (deployed.kind === 'mutation') call.result = value
        return value
      })
    },
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
