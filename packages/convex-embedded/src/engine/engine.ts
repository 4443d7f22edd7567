import { makeFunctionReference } from 'convex/server'
import { convexToJson, type JSONValue, jsonToConvex, type Value } from 'convex/values'
import type { Identity } from '../auth/caller.ts'
import type { Deployment } from '../deploy/deployment.ts'
import { corrupt } from '../store/corruption.ts'
import type { FileStorage } from '../store/fileStorage.ts'
import type { Store } from '../store/store.ts'
import { type Call, currentExecution, makeCall, type RequestName, runAs } from './execution.ts'
import { describeFailure, type Failure, RequestError } from './functionError.ts'
import { type Document, type Internals, openConvexTest, type Tester } from './internals.ts'
import { makeModules } from './modules.ts'
import { encodeAt, encodeResponse } from './response.ts'
import { installSyscalls } from './syscalls.ts'
import { Tables } from './tables.ts'
import { describeMismatch, findMismatch, tableOf } from './validator.ts'

/** What came of a call. `value` is convex-encoded JSON text. */
export type Outcome = { readonly call: Call; readonly ts: bigint } & (
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly failure: Failure }
)

export interface EngineOptions {
  readonly store: Store
  readonly files: FileStorage
  readonly deployment: Deployment
  /** After each commit: the documents that changed. Called from inside the function that committed. */
  readonly onCommit: (changed: readonly string[]) => void
  /** Why a function may not run; null when it may. */
  readonly whyRefused: (path: string) => string | null
  /** After each call from outside. */
  readonly onCall: (outcome: Outcome, durationMs: number) => void
}

export interface CallOptions {
  readonly identity: Identity | null
  readonly request?: RequestName
  readonly journal?: string | null
}

/**
 * The functions and their data: convex-test, with its commits written down before they count. Transactions run one
 * after the other, as convex-test has it; each one sees the whole effect of those before.
 */
export class Engine {
  readonly tables: Tables
  readonly #t: Tester
  readonly #internals: Internals
  readonly #options: EngineOptions
  #deployment: Deployment

  constructor(options: EngineOptions) {
    this.#options = options
    this.#deployment = options.deployment
    const { t, internals } = openConvexTest()
    this.#t = t
    this.#internals = internals
    this.#load(options.store)
    this.tables = new Tables(this.#database)
    this.#hookTransactions()
    internals.components[''].modules = makeModules(() => this.#deployment)
    this.#database._schema = options.deployment.schema?.internals ?? null
    installSyscalls({
      internals,
      files: options.files,
      transaction: (body) => this.transaction(body),
      hasFunction: (path) => this.#deployment.functions.has(path),
    })
  }

  get deployment(): Deployment {
    return this.#deployment
  }

  /** The last commit, nanoseconds since 1970. */
  get ts(): bigint {
    return this.#internals.transactionManager._lastCommitTs
  }

  document(id: string): Document | null {
    return Object.hasOwn(this.#database._documents, id) ? (this.#database._documents[id] ?? null) : null
  }

  /** Calls a function that exists and that the caller may call; arguments are checked here. Never throws. */
  async call(path: string, args: JSONValue, options: CallOptions): Promise<Outcome> {
    const deployed = this.#deployment.functions.get(path)
    const kind = deployed?.kind ?? 'query'
    const call = makeCall(path, kind, this.#environment(), options)
    return await this.#run(call, async () => {
      if (!deployed) throw new RequestError(`Could not find function '${path}'`)
      const values = jsonToConvex(args)
      const mismatch = findMismatch(deployed.args, values)
      if (mismatch) throw new RequestError(`ArgumentValidationError: ${describeMismatch(mismatch)}`)
      const t = options.identity ? this.#t.withIdentity(options.identity) : this.#t
      // An object: `args` validators are objects or any, and convex-test refuses the rest.
      const fields = values as Record<string, Value>
      if (kind === 'query') return await t.query(makeFunctionReference<'query'>(path), fields)
      if (kind === 'mutation') return await t.mutation(makeFunctionReference<'mutation'>(path), fields)
      return await t.action(makeFunctionReference<'action'>(path), fields)
    })
  }

  /** Calls something of the server's own that reads the data as a query does. */
  async callSystem(path: string, read: (reads: Set<string>) => Value): Promise<Outcome> {
    const call = makeCall(path, 'query', {})
    return await this.#run(call, async () => read(call.reads))
  }

  /** Answers a request by the application's HTTP router; null when it has no route for it. */
  async fetch(request: Request, identity: Identity | null): Promise<Response | null> {
    const { pathname } = new URL(request.url)
    if (!this.#deployment.http?.lookup(pathname, request.method)) return null
    const call = makeCall(`${request.method} ${pathname}`, 'httpAction', this.#environment(), {
      httpRequest: request,
    })
    let response: Response | null = null
    const outcome = await this.#run(call, async () => {
      const t = identity ? this.#t.withIdentity(identity) : this.#t
      response = await t.fetch(pathname, { method: request.method })
      return null
    })
    if (outcome.ok) return response
    return Response.json({ code: 'InternalServerError', message: outcome.failure.message }, { status: 500 })
  }

  /** Runs `body` while no transaction is open, at one moment of the data: calls made in it all see the same. */
  async exclusively<T>(body: () => T | Promise<T>): Promise<T> {
    const results: T[] = []
    await this.#t.query(async () => {
      results.push(await body())
      return null
    })
    const [result] = results
    // Always there: the query above throws otherwise. It is undefined only if T is.
    return result as T
  }

  /** Runs `body`, which may write to the database, as one transaction. */
  async transaction<T extends string | null>(body: () => T | Promise<T>): Promise<T> {
    return await this.#t.run(async () => await body())
  }

  /** Runs a mutation in one transaction with `begin`, unless that says no. @returns whether it was committed */
  async callScheduled(path: string, args: Record<string, Value>, begin: () => boolean): Promise<boolean> {
    const call = makeCall(path, 'mutation', this.#environment())
    const outcome = await this.#run(call, async () => {
      await this.#t.mutation(async () => {
        if (begin()) await this.#t.mutation(makeFunctionReference<'mutation'>(path), args)
        return null
      })
    })
    return outcome.ok
  }

  patch(id: string, fields: Record<string, JSONValue>): void {
    this.#database.patch(tableOf(id) ?? undefined, id, fields)
  }

  insert(table: string, fields: Record<string, Value>): string {
    return this.#database.insert(table, fields)
  }

  delete(id: string): void {
    this.#database.delete(tableOf(id) ?? undefined, id)
  }

  /** From the next call on, these functions run. Call it from `exclusively`. */
  install(deployment: Deployment): void {
    this.#deployment = deployment
    this.#database._schema = deployment.schema?.internals ?? null
  }

  /** Runs `body`, the insides of a call, and reports it. */
  async #run(call: Call, body: () => Promise<unknown>): Promise<Outcome> {
    const started = performance.now()
    const outcome = await this.#outcome(call, body)
    this.#options.onCall(outcome, performance.now() - started)
    return outcome
  }

  async #outcome(call: Call, body: () => Promise<unknown>): Promise<Outcome> {
    try {
      const refused = this.#options.whyRefused(call.path)
      if (refused) throw new RequestError(refused)
      // What a function returns is a Convex value; convexToJson throws when it is not.
      const value = (await runAs(call.kind, call, body)) as Value | undefined
      return { ok: true, call, value: JSON.stringify(convexToJson(value ?? null)), ts: call.ts ?? this.ts }
    } catch (error) {
      return { ok: false, call, failure: describeFailure(error), ts: this.ts }
    }
  }

  /** A copy: what a function writes there is its own affair. */
  #environment(): Record<string, string> {
    return { ...this.#deployment.environment }
  }

  get #database() {
    return this.#internals.components[''].db
  }

  #load(store: Store): void {
    const database = this.#database
    for (const { id, json } of store.documents()) database._documents[id] = parseDocument(id, json, store.file)
    const state = store.state()
    if (state) {
      database._nextDocId = state.nextDocId
      database._lastCreationTime = state.lastCreationTime
    }
    // Never before what a client has seen, of transactions that wrote nothing either: those are not written down.
    const now = BigInt(Date.now()) * 1_000_000n
    this.#internals.transactionManager._lastCommitTs = state && state.ts > now ? state.ts : now
  }

  /** As convex-test's own, but a commit is on disk before it counts, and results of finished queries are let go. */
  #hookTransactions(): void {
    const manager = this.#internals.transactionManager
    const rollback = manager.rollback.bind(manager)
    manager.rollback = (isNested) => {
      rollback(isNested)
      if (!isNested) this.#database._queryResults = {}
    }
    manager.commit = (isNested) => {
      const ts = isNested ? null : this.#nextTs()
      const changed = ts === null ? [] : this.#persist(ts)
      if (ts !== null) manager._lastCommitTs = ts
      this.#database.commit(ts)
      manager._metricsTracker?.commit()
      manager._endTransaction(isNested)
      if (ts !== null) this.#committed(ts, changed)
      return ts
    }
  }

  #nextTs(): bigint {
    const now = BigInt(Date.now()) * 1_000_000n
    return now > this.ts ? now : this.ts + 1n
  }

  #persist(ts: bigint): string[] {
    const writes = Object.entries(this.#database._writes[0] ?? {})
    if (writes.length === 0) return []
    const call = currentExecution()?.call
    this.#options.store.commit({
      ts,
      changes: writes.map(([id, document]) => ({ id, json: document && encodeAt(document, ts) })),
      nextDocId: this.#database._nextDocId,
      lastCreationTime: this.#database._lastCreationTime,
      ...(call?.request ? { response: { ...call.request, json: encodeResponse(call, ts) } } : {}),
    })
    return writes.map(([id]) => id)
  }

  #committed(ts: bigint, changed: readonly string[]): void {
    this.#database._queryResults = {}
    const call = currentExecution()?.call
    if (call) call.ts = ts
    if (changed.length === 0) return
    for (const id of changed) {
      if (Object.hasOwn(this.#database._documents, id)) this.tables.add(id)
      else this.tables.remove(id)
    }
    this.#options.onCommit(changed)
  }
}

function parseDocument(id: string, json: string, file: string): Document {
  try {
    const value = jsonToConvex(JSON.parse(json))
    if (isDocument(value) && value._id === id) return value
  } catch (error) {
    throw corrupt(file, `document ${id} is not readable`, error)
  }
  throw corrupt(file, `document ${id} is not one`)
}

function isDocument(value: Value): value is Document {
  return typeof value === 'object' && value !== null && '_id' in value && '_creationTime' in value
}
