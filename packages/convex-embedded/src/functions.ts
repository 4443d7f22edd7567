import type { JSONValue } from 'convex/values'
import type { Caller } from './auth/caller.ts'
import type { Engine, Outcome } from './engine/engine.ts'
import type { FunctionKind, RequestName } from './engine/execution.ts'
import { formatLogLine } from './engine/functionConsole.ts'
import { describeFailure, type Failure, RequestError } from './engine/functionError.ts'
import type { StoredResponse } from './engine/response.ts'
import type { Store } from './store/store.ts'
import type { SystemQueries } from './systemQueries.ts'

/** What a caller gets. `value` is convex-encoded JSON text, `ts` nanoseconds since 1970. */
export type Reply = {
  readonly logLines: readonly string[]
  readonly ts: bigint
  readonly journal: string | null
  readonly reads: ReadonlySet<string>
} & ({ readonly ok: true; readonly value: string } | { readonly ok: false; readonly failure: Failure })

export interface FunctionCall {
  readonly path: string
  /** One object, or a list with it: both are in use. */
  readonly args: JSONValue
  readonly caller: Caller
  /** Undefined: whatever it is. */
  readonly kind?: FunctionKind
  readonly request?: RequestName
  readonly journal?: string | null
}

const SYSTEM = '_system/'
const DEPLOY_HINT = 'Did you forget to run `npx convex dev` or `npx convex deploy`?'

/** The deployed functions as callers see them: by visibility and kind, mutations of a session at most once. */
export class Functions {
  readonly #engine: Engine
  readonly #store: Store
  readonly #system: SystemQueries
  readonly #running = new Map<string, Promise<Reply>>()

  constructor(options: { engine: Engine; store: Store; system: SystemQueries }) {
    this.#engine = options.engine
    this.#store = options.store
    this.#system = options.system
  }

  /** Never throws: what goes wrong is in the reply. */
  async call(call: FunctionCall): Promise<Reply> {
    const { request } = call
    if (!request) return await this.#call(call)
    const key = `${request.sessionId} ${request.requestId}`
    const running = this.#running.get(key)
    if (running) return await running
    const stored = this.#store.response(request.sessionId, request.requestId)
    if (stored !== null) return repeat(JSON.parse(stored))
    const reply = this.#call(call).finally(() => this.#running.delete(key))
    this.#running.set(key, reply)
    return await reply
  }

  async #call(call: FunctionCall): Promise<Reply> {
    const args = Array.isArray(call.args) ? (call.args[0] ?? {}) : call.args
    const path = canonicalPath(call.path)
    if (path.startsWith(SYSTEM)) return await this.#callSystem(path, args, call.caller)
    const refusal = this.#refusal(path, call)
    if (refusal !== null) return this.#refuse(refusal)
    const { identity } = call.caller
    const { request, journal = null } = call
    return replyOf(await this.#engine.call(path, args, { identity, journal, ...(request ? { request } : {}) }))
  }

  async #callSystem(path: string, args: JSONValue, caller: Caller): Promise<Reply> {
    if (!caller.admin) return this.#refuse('System functions need an admin key')
    const query = this.#system.find(path.replace(/:default$/, ''))
    if (!query) return this.#refuse(`Could not find function '${path}': the Convex stand-in does not have it`)
    return replyOf(await this.#engine.callSystem(path, (reads) => query(args, reads)))
  }

  #refusal(path: string, { caller, kind }: FunctionCall): string | null {
    const found = this.#engine.deployment.functions.get(path)
    if (!found || (found.visibility === 'internal' && !caller.admin)) {
      return `Could not find ${caller.admin ? '' : 'public '}function for '${path}'. ${DEPLOY_HINT}`
    }
    if (kind === undefined || kind === found.kind) return null
    return `Trying to execute ${path} as ${capital(kind)}, but it is defined as ${capital(found.kind)}.`
  }

  #refuse(message: string): Reply {
    const failure = describeFailure(new RequestError(message))
    // The set of functions decides, so a subscription has to ask again when that changes.
    return { ok: false, failure, logLines: [], ts: this.#engine.ts, journal: null, reads: new Set() }
  }
}

/** `folder/runs.js:create` -> `folder/runs:create`; `runs` -> `runs:default` */
function canonicalPath(path: string): string {
  const [module = '', name = 'default'] = path.split(':')
  return `${module.replace(/\.js$/, '')}:${name}`
}

function replyOf(outcome: Outcome): Reply {
  const { call, ts } = outcome
  const common = { logLines: call.lines.map(formatLogLine), ts, journal: call.journal, reads: call.reads }
  return outcome.ok ? { ok: true, value: outcome.value, ...common } : { ok: false, failure: outcome.failure, ...common }
}

function repeat(stored: StoredResponse): Reply {
  const { value, ts, logLines } = stored
  return { ok: true, value: JSON.stringify(value), ts: BigInt(ts), logLines, journal: null, reads: new Set() }
}

function capital(kind: string): string {
  return kind.charAt(0).toUpperCase() + kind.slice(1)
}
