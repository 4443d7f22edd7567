import type { JSONValue } from 'convex/values'
import type { Caller } from '../auth/caller.ts'
import { tableOf } from '../engine/validator.ts'
import type { Functions, Reply } from '../functions.ts'

/** A query with its arguments, for one identity: shared by all who ask the same. */
export interface QueryKey {
  readonly path: string
  readonly args: JSONValue
  readonly caller: Caller
  readonly journal: string | null
}

export class Subscription {
  /** Counts the results that differed from the one before. 0: there is none yet. */
  revision = 0
  users = 0
  dirty = true
  readonly key: string
  readonly #query: QueryKey
  #journal: string | null
  #reads: ReadonlySet<string> = new Set()
  #text = ''
  #modification = ''

  constructor(key: string, query: QueryKey) {
    this.key = key
    this.#query = query
    this.#journal = query.journal
  }

  /** The modification that brings a client up to date, for its own number of the query. */
  modification(queryId: number): string {
    return `{"queryId":${queryId},${this.#modification}}`
  }

  /** Whether a later subscriber may share it: not a page, whose end belongs to the client that asked first. */
  get isShareable(): boolean {
    return this.#journal === this.#query.journal
  }

  dependsOn(reads: Iterable<string>): boolean {
    for (const read of reads) if (this.#reads.has(read)) return true
    return false
  }

  /** Runs the query. */
  async evaluate(functions: Functions): Promise<void> {
    this.dirty = false
    const { path, args, caller } = this.#query
    const reply = await functions.call({ path, args, caller, kind: 'query', journal: this.#journal })
    this.#reads = reply.reads
    this.#journal = reply.journal
    // A failure has a new request id every time.
    const text = reply.ok ? reply.value : `${reply.failure.message.replace(/^\[Request ID: \w+\]/, '')}`
    if (this.revision > 0 && text === this.#text) return
    this.#text = text
    this.#modification = describe(reply)
    this.revision += 1
  }
}

/** All queries that somebody listens to. */
export class Subscriptions {
  readonly #all = new Set<Subscription>()
  readonly #shared = new Map<string, Subscription>()

  acquire(query: QueryKey): Subscription {
    const { path, args, caller, journal } = query
    const key = JSON.stringify([path, args, caller.admin, caller.identity, journal])
    const known = this.#shared.get(key)
    const subscription = known?.isShareable ? known : new Subscription(key, query)
    if (subscription !== known) {
      this.#all.add(subscription)
      this.#shared.set(key, subscription)
    }
    subscription.users += 1
    return subscription
  }

  release(subscription: Subscription): void {
    subscription.users -= 1
    if (subscription.users > 0) return
    this.#all.delete(subscription)
    if (this.#shared.get(subscription.key) === subscription) this.#shared.delete(subscription.key)
  }

  /** Marks what has read one of these documents or their tables. @returns whether anything has */
  invalidate(documentIds: readonly string[]): boolean {
    const reads = new Set(['*'])
    for (const id of documentIds) {
      const table = tableOf(id) ?? ''
      reads.add(table)
      reads.add(`${table}/${id}`)
    }
    return this.#mark((subscription) => subscription.dependsOn(reads))
  }

  invalidateAll(): void {
    this.#mark(() => true)
  }

  dirty(): Subscription[] {
    return [...this.#all].filter((subscription) => subscription.dirty)
  }

  get size(): number {
    return this.#all.size
  }

  #mark(isStale: (subscription: Subscription) => boolean): boolean {
    let any = false
    for (const subscription of this.#all) {
      if (subscription.dirty || !isStale(subscription)) continue
      subscription.dirty = true
      any = true
    }
    return any
  }
}

function describe(reply: Reply): string {
  const rest = `"logLines":${JSON.stringify(reply.logLines)},"journal":${JSON.stringify(reply.journal)}`
  if (reply.ok) return `"type":"QueryUpdated","value":${reply.value},${rest}`
  const { message, data } = reply.failure
  const errorData = data === undefined ? '' : `"errorData":${JSON.stringify(data)},`
  return `"type":"QueryFailed","errorMessage":${JSON.stringify(message)},${errorData}${rest}`
}
