import type { ConvexReactClient } from 'convex/react'
import { type FunctionReference, getFunctionName } from 'convex/server'

type Answer = (args: Record<string, unknown>) => unknown
type ConnectionState = ReturnType<ConvexReactClient['connectionState']>

const CONNECTED: ConnectionState = {
  isWebSocketConnected: true,
  hasEverConnected: true,
  hasInflightRequests: false,
  timeOfOldestInflightRequest: null,
  connectionCount: 1,
  connectionRetries: 0,
  inflightMutations: 0,
  inflightActions: 0,
}

/** As much of Convex' client as the hooks use. A test says what functions answer; a query without an answer loads. */
export class FakeConvex {
  readonly called: { readonly name: string; readonly args: unknown }[] = []
  readonly logger = console
  readonly #answers = new Map<string, Answer>()
  readonly #listeners = new Set<() => void>()
  #connection = CONNECTED

  /** The client as the provider takes it: it is handed on to the hooks, which use no more than what is here. */
  get client(): ConvexReactClient {
    return this as unknown as ConvexReactClient
  }

  /** From now on a function answers this; an Error as the answer of a query is one that the backend sent. */
  answer(reference: FunctionReference<'query' | 'mutation'>, answer: Answer): void {
    this.#answers.set(getFunctionName(reference), answer)
    this.#tell()
  }

  /** Changes the connection. */
  connection(state: Partial<ConnectionState>): void {
    this.#connection = { ...CONNECTED, ...state }
    this.#tell()
  }

  connectionState(): ConnectionState {
    return this.#connection
  }

  subscribeToConnectionState(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  watchQuery(reference: FunctionReference<'query'>, args: Record<string, unknown>) {
    const name = getFunctionName(reference)
    return {
      localQueryResult: () => {
        const result = this.#answers.get(name)?.(args)
        if (result instanceof Error) throw result
        return result
      },
      onUpdate: (listener: () => void) => this.subscribeToConnectionState(listener),
      journal: () => undefined,
    }
  }

  async mutation(reference: FunctionReference<'mutation'>, args: Record<string, unknown>): Promise<unknown> {
    const name = getFunctionName(reference)
    this.called.push({ name, args })
    return await this.#answers.get(name)?.(args)
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
