import { AsyncLocalStorage } from 'node:async_hooks'
import { type LogLine, makeFunctionConsole } from './functionConsole.ts'

export type FunctionKind = 'query' | 'mutation' | 'action' | 'httpAction'

/** A WebSocket client's name for a mutation: the same one comes again after a lost connection. */
export interface RequestName {
  readonly sessionId: string
  readonly requestId: number
}

/** What one call from outside gathers, nested calls included. */
export interface Call {
  readonly path: string
  readonly kind: FunctionKind
  readonly lines: LogLine[]
  /** Tables (`runs`) and single documents (`runs/<id>`) that were read. */
  readonly reads: Set<string>
  readonly request?: RequestName
  /** Where the page of a paginated query ends: given when it runs again, set when it runs for the first time. */
  journal: string | null
  /** What a mutation returned when it is about to commit. */
  result: unknown
  /** When it committed, nanoseconds since 1970. */
  ts: bigint | null
  /** The request that an HTTP action answers. */
  readonly httpRequest?: Request
  readonly console: Console
  readonly process: NodeJS.Process
}

/** The function that runs now. `kind` is its own one, `call` what it was called for. */
export interface Execution {
  readonly kind: FunctionKind | 'import'
  readonly call: Call
}

const storage = new AsyncLocalStorage<Execution>()

export function currentExecution(): Execution | undefined {
  return storage.getStore()
}

/** Runs `body` as a function of that kind, within this call. */
export function runAs<T>(kind: Execution['kind'], call: Call, body: () => T): T {
  return storage.run({ kind, call }, body)
}

export function makeCall(
  path: string,
  kind: FunctionKind,
  environment: Readonly<Record<string, string>>,
  options: { request?: RequestName | undefined; journal?: string | null; httpRequest?: Request } = {},
): Call {
  const lines: LogLine[] = []
  return {
    path,
    kind,
    lines,
    reads: new Set(),
    ...(options.request ? { request: options.request } : {}),
    ...(options.httpRequest ? { httpRequest: options.httpRequest } : {}),
    journal: options.journal ?? null,
    result: null,
    ts: null,
    console: makeFunctionConsole(lines),
    process: withEnvironment(environment),
  }
}

const real = { process: globalThis.process, console: globalThis.console }

/**
 * Gives functions a `console` that is recorded and a `process.env` that holds the deployment's environment instead of
 * the server's. Before the first `convexTest()`: that one wraps the globals it finds. Once in a process.
 */
export function installFunctionGlobals(): void {
  define('process', () => storage.getStore()?.call.process ?? real.process)
  define('console', () => storage.getStore()?.call.console ?? real.console)
  // Convex's runtime has these as globals, and its bundler counts on them instead of node:async_hooks.
  Object.assign(globalThis, { AsyncLocalStorage })
}

function define(name: 'process' | 'console', get: () => unknown): void {
  Object.defineProperty(globalThis, name, { get, set() {}, configurable: true, enumerable: false })
}

/** The process as functions see it: the deployment's environment, and no way to end the server. */
function withEnvironment(environment: Readonly<Record<string, string>>): NodeJS.Process {
  return new Proxy(real.process, {
    get(target, key) {
      if (key === 'env') return environment
      return FORBIDDEN.has(key) ? forbidden(String(key)) : Reflect.get(target, key, target)
    },
  })
}

const FORBIDDEN = new Set<string | symbol>(['exit', 'reallyExit', 'abort', 'kill', 'chdir'])

function forbidden(name: string) {
  return () => {
    throw new Error(`process.${name} is not available in Convex functions`)
  }
}
