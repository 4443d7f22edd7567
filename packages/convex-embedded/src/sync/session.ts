import { parseJson } from '@nebula/stack/system/text'
import type { RawData, WebSocket } from 'ws'
import { type Caller, NOBODY } from '../auth/caller.ts'
import type { Functions, Reply } from '../functions.ts'
import { type AddQuery, ClientMessage, encodeTs, encodeVersion, type Message, type Version } from './messages.ts'
import type { Subscription, Subscriptions } from './subscription.ts'

/** What a session needs of the server. */
export interface SessionHost {
  readonly functions: Functions
  readonly subscriptions: Subscriptions
  /** @throws Error when the token or the key does not verify; the message is for the client. */
  authenticate(message: Message<'Authenticate'>): Promise<Caller>
  requestRound(): void
  /** What goes wrong with a session and is not its client's fault. */
  onError(error: unknown): void
}

interface LiveQuery {
  readonly add: AddQuery
  subscription: Subscription
  /** The revision that the client has, 0 for none. */
  sent: number
}

/** How long to wait for the rest of a timer: Node.js fires longer ones at once. */
const MAX_DELAY_MS = 2_147_483_647
const CLOSE_NORMAL = 1000

/** One WebSocket of one client, from its Connect on. */
export class Session {
  readonly #socket: WebSocket
  readonly #host: SessionHost
  readonly #queries = new Map<number, LiveQuery>()
  #removed: number[] = []
  #id: string | null = null
  #clockSkewMs = 0
  #caller: Caller = NOBODY
  #version: Version = { querySet: 0, identity: 0, ts: 0n }
  /** The versions that the client has asked for; the next transition goes there. */
  #next = { querySet: 0, identity: 0 }
  /** Whether a transition is due even if no result changed. */
  #due = false
  /** A transition is on its way, or a round passed by in the meantime. */
  #sending = false
  #missedRound = false
  #inbox: Promise<void> = Promise.resolve()
  #mutations: Promise<void> = Promise.resolve()
  #expiry: NodeJS.Timeout | undefined
  #closed = false

  constructor(socket: WebSocket, host: SessionHost) {
    this.#socket = socket
    this.#host = host
    socket.on('message', (data) => {
      this.#inbox = this.#inbox.then(() => this.#receive(data)).catch((error: unknown) => this.#breakDown(error))
    })
  }

  /** Ends it: nothing runs for it any more, except what is running already. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#expiry)
    for (const { subscription } of this.#queries.values()) this.#host.subscriptions.release(subscription)
    this.#queries.clear()
  }

  ping(): void {
    this.#send({ type: 'Ping' })
  }

  /** The transition to this moment as text, or null when the client is up to date or has not taken the last one yet. */
  takeTransition(ts: bigint): string | null {
    if (this.#sending) {
      this.#missedRound = true
      return null
    }
    const modifications = this.#removed.map((queryId) => JSON.stringify({ type: 'QueryRemoved', queryId }))
    for (const [queryId, query] of this.#queries) {
      if (query.sent === query.subscription.revision) continue
      query.sent = query.subscription.revision
      modifications.push(query.subscription.modification(queryId))
    }
    if (modifications.length === 0 && !this.#due) return null
    this.#removed = []
    this.#due = false
    const start = this.#version
    this.#version = { ...this.#next, ts }
    const versions = { startVersion: encodeVersion(start), endVersion: encodeVersion(this.#version) }
    const head = JSON.stringify({ type: 'Transition', ...versions, clientClockSkew: this.#clockSkewMs }).slice(0, -1)
    return `${head},"modifications":[${modifications.join(',')}]}`
  }

  sendTransition(text: string): void {
    this.#sending = true
    this.#socket.send(text, () => {
      this.#sending = false
      if (!this.#missedRound) return
      this.#missedRound = false
      this.#host.requestRound()
    })
  }

  async #receive(data: RawData): Promise<void> {
    if (this.#closed) return
    const parsed = ClientMessage.safeParse(parseJson(data.toString()))
    if (!parsed.success) return this.#fail(`Received an invalid message: ${parsed.error.issues[0]?.message}`)
    const message = parsed.data
    if (message.type !== 'Connect' && this.#id === null) return this.#fail('The first message must be Connect')
    switch (message.type) {
      case 'Connect':
        this.#id = message.sessionId
        this.#clockSkewMs = message.clientTs === undefined ? 0 : message.clientTs - Date.now()
        return
      case 'Authenticate':
        return await this.#authenticate(message)
      case 'ModifyQuerySet':
        return this.#modify(message)
      case 'Mutation':
        return this.#mutate(message, this.#caller)
      case 'Action':
        this.#act(message, this.#caller).catch((error: unknown) => this.#breakDown(error))
        return
      default:
        return
    }
  }

  async #authenticate(message: Message<'Authenticate'>): Promise<void> {
    clearTimeout(this.#expiry)
    try {
      this.#caller = await this.#host.authenticate(message)
    } catch (error) {
      return this.#refuseIdentity(error instanceof Error ? error.message : String(error), message.baseVersion, true)
    }
    if (this.#closed) return
    this.#next.identity = message.baseVersion + 1
    this.#expireAt(this.#caller.expires)
    for (const query of this.#queries.values()) this.#subscribe(query)
    this.#becomeDue()
  }

  #expireAt(expires: number | null): void {
    if (expires === null) return
    const delay = Math.min(Math.max(0, expires - Date.now()), MAX_DELAY_MS)
    this.#expiry = setTimeout(() => {
      if (Date.now() < expires) this.#expireAt(expires)
      else this.#refuseIdentity('Token expired', this.#next.identity, false)
    }, delay)
  }

  #refuseIdentity(error: string, baseVersion: number, authUpdateAttempted: boolean): void {
    this.#send({ type: 'AuthError', error, baseVersion, authUpdateAttempted })
    this.#hangUp()
  }

  #modify(message: Message<'ModifyQuerySet'>): void {
    if (message.baseVersion !== this.#next.querySet) {
      this.#fail(`Query set is at version ${this.#next.querySet}, not ${message.baseVersion}`)
      return
    }
    this.#next.querySet = message.newVersion
    for (const modification of message.modifications) {
      if (modification.type === 'Remove') this.#remove(modification.queryId)
      else this.#add(modification)
    }
    this.#becomeDue()
  }

  #add(add: AddQuery): void {
    if (this.#queries.has(add.queryId)) {
      this.#fail(`Query ${add.queryId} is there already`)
      return
    }
    const subscription = this.#acquire(add)
    this.#queries.set(add.queryId, { add, subscription, sent: 0 })
  }

  #remove(queryId: number): void {
    const query = this.#queries.get(queryId)
    if (!query) return
    this.#queries.delete(queryId)
    this.#host.subscriptions.release(query.subscription)
    this.#removed.push(queryId)
  }

  /** The same query for whoever the caller is now. */
  #subscribe(query: LiveQuery): void {
    const before = query.subscription
    query.subscription = this.#acquire(query.add)
    this.#host.subscriptions.release(before)
    query.sent = 0
  }

  #acquire({ udfPath: path, args, journal = null }: AddQuery): Subscription {
    return this.#host.subscriptions.acquire({ path, args, caller: this.#caller, journal })
  }

  /** One after the other, in the order in which they came. */
  #mutate(message: Message<'Mutation'>, caller: Caller): void {
    const { requestId, udfPath: path, args } = message
    const request = { sessionId: this.#id ?? '', requestId }
    const run = async () => {
      const reply = await this.#host.functions.call({ path, args, caller, kind: 'mutation', request })
      this.#respond('MutationResponse', requestId, reply)
      // The client waits for a transition that is as new as its mutation, also when no result changed.
      if (reply.ok) this.#becomeDue()
    }
    this.#mutations = this.#mutations.then(run).catch((error: unknown) => this.#breakDown(error))
  }

  async #act({ requestId, udfPath: path, args }: Message<'Action'>, caller: Caller): Promise<void> {
    this.#respond('ActionResponse', requestId, await this.#host.functions.call({ path, args, caller, kind: 'action' }))
  }

  #respond(type: 'MutationResponse' | 'ActionResponse', requestId: number, reply: Reply): void {
    const { logLines } = reply
    if (!reply.ok) {
      const { message, data } = reply.failure
      const errorData = data === undefined ? {} : { errorData: data }
      this.#send({ type, requestId, success: false, result: message, logLines, ...errorData })
      return
    }
    const ts = type === 'MutationResponse' ? { ts: encodeTs(reply.ts) } : {}
    const head = JSON.stringify({ type, requestId, success: true, logLines, ...ts }).slice(0, -1)
    this.#socket.send(`${head},"result":${reply.value}}`)
  }

  #becomeDue(): void {
    this.#due = true
    this.#host.requestRound()
  }

  /** A session that has lost a message would be silent for ever: its client is to begin anew. */
  #breakDown(error: unknown): void {
    this.#host.onError(error)
    this.#fail('The server could not handle a message')
  }

  #fail(error: string): void {
    this.#send({ type: 'FatalError', error })
    this.#hangUp()
  }

  /** What the client sent after what it was refused for must not run. */
  #hangUp(): void {
    this.#closed = true
    this.#socket.close(CLOSE_NORMAL)
  }

  #send(message: object): void {
    this.#socket.send(JSON.stringify(message))
  }
}
