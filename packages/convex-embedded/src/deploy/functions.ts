import type { ValidatorJSON } from 'convex/values'
import { z } from 'zod'
import type { FunctionKind } from '../engine/execution.ts'

type Visibility = 'public' | 'internal'

/** A function that a module exports. */
export interface DeployedFunction {
  /** `runs:create`, `folder/module:default`. */
  readonly path: string
  readonly module: string
  readonly name: string
  readonly kind: Exclude<FunctionKind, 'httpAction'>
  readonly visibility: Visibility
  /** Validators as JSON text, as the CLI wants them. */
  readonly argsJson: string
  readonly returnsJson: string
  readonly args: ValidatorJSON
  readonly returns: ValidatorJSON | null
  readonly handler: (ctx: unknown, args: unknown) => unknown
}

const Exported = z.custom<Registered>((value) => typeof value === 'function' && '_handler' in value)

/** What `query()`, `mutation()` and `action()` of convex/server return. */
interface Registered {
  readonly isQuery?: boolean
  readonly isMutation?: boolean
  readonly isAction?: boolean
  readonly isInternal?: boolean
  readonly isPublic?: boolean
  readonly _handler: (ctx: unknown, args: unknown) => unknown
  exportArgs(): string
  exportReturns(): string
}

/**
 * The Convex functions among a module's exports; whatever else it exports is not looked at.
 * @param path of the module, without extension
 * @throws Error when a validator is malformed, as after a circular import.
 */
export function functionsOf(path: string, exports: Record<string, unknown>): DeployedFunction[] {
  return Object.entries(exports).flatMap(([name, value]) => {
    const parsed = Exported.safeParse(value)
    if (!parsed.success) return []
    const registered = parsed.data
    const kind = kindOf(registered)
    if (kind === null || !(registered.isPublic || registered.isInternal)) return []
    const argsJson = registered.exportArgs()
    const returnsJson = registered.exportReturns()
    const args: ValidatorJSON = JSON.parse(argsJson)
    if (args.type !== 'object' && args.type !== 'any') {
      throw new Error(`${path}:${name}: the args validator must be an object or any`)
    }
    const visibility: Visibility = registered.isInternal ? 'internal' : 'public'
    const handler = registered._handler
    return [
      {
        path: `${path}:${name}`,
        module: path,
        name,
        kind,
        visibility,
        argsJson,
        returnsJson,
        args,
        returns: JSON.parse(returnsJson),
        handler,
      },
    ]
  })
}

function kindOf(value: Registered): DeployedFunction['kind'] | null {
  if (value.isQuery) return 'query'
  if (value.isMutation) return 'mutation'
  return value.isAction ? 'action' : null
}
