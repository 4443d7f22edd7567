import type { Engine } from '../engine/engine.ts'
import { inRootContext } from '../engine/rootContext.ts'
import type { Functions } from '../functions.ts'
import type { Session } from './session.ts'
import type { Subscriptions } from './subscription.ts'

/**
 * Tells sessions what changed. A round runs every query that has to run again at one moment of the data, and sends each
 * session at most one transition, to that moment. What happens during a round is for the next one.
 */
export class Publisher {
  readonly sessions = new Set<Session>()
  readonly #engine: Engine
  readonly #functions: Functions
  readonly #subscriptions: Subscriptions
  readonly #onError: (error: unknown) => void
  #wanted = false
  #running = false

  constructor(options: {
    engine: Engine
    functions: Functions
    subscriptions: Subscriptions
    onError: (error: unknown) => void
  }) {
    this.#engine = options.engine
    this.#functions = options.functions
    this.#subscriptions = options.subscriptions
    this.#onError = options.onError
  }

  /** Asks for a round, soon. Any number of calls before it starts make one round. */
  request(): void {
    this.#wanted = true
    if (this.#running) return
    this.#running = true
    inRootContext(() => setImmediate(() => this.#run()))
  }

  async #run(): Promise<void> {
    try {
      while (this.#wanted) {
        this.#wanted = false
        await this.#round()
      }
    } catch (error) {
      this.#onError(error)
    } finally {
      this.#running = false
    }
  }

  async #round(): Promise<void> {
    const transitions = await this.#engine.exclusively(async () => {
      for (const subscription of this.#subscriptions.dirty()) await subscription.evaluate(this.#functions)
      return [...this.sessions].flatMap((session) => {
        const text = session.takeTransition(this.#engine.ts)
        return text === null ? [] : [{ session, text }]
      })
    })
    for (const { session, text } of transitions) session.sendTransition(text)
  }
}
