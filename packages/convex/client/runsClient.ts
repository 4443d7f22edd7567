import { isFinal } from '@nebula/shared'
import { ConvexClient } from 'convex/browser'
import type { FunctionArgs, FunctionReturnType } from 'convex/server'
import { api } from '../convex/_generated/api.js'

export type Run = NonNullable<FunctionReturnType<typeof api.runs.get>>
export type RunId = FunctionReturnType<typeof api.runs.create>
type NewRun = FunctionArgs<typeof api.runs.create>

/** The application's runs as its page meets them: over Convex, live. */
export class RunsClient {
  readonly #convex: ConvexClient

  /** @param convexUrl `http://127.0.0.1:3210` */
  constructor(convexUrl: string) {
    this.#convex = new ConvexClient(convexUrl, { unsavedChangesWarning: false })
  }

  /** Starts a run. @returns its id */
  async start(run: NewRun): Promise<RunId> {
    return await this.#convex.mutation(api.runs.create, run)
  }

  async cancel(runId: RunId): Promise<void> {
    await this.#convex.mutation(api.runs.cancel, { runId })
  }

  /** Starts a failed run again, as another one. @returns that one's id, the same however often it is asked for */
  async retry(runId: RunId): Promise<RunId> {
    return await this.#convex.mutation(api.runs.retry, { runId })
  }

  /** @returns null when there is no such run. */
  async get(runId: string): Promise<Run | null> {
    return await this.#convex.query(api.runs.get, { runId })
  }

  /**
   * Watches a run until `condition` holds.
   * @param onChange told of every state that Convex sends; null while there is no such run.
   * @returns it as it was then.
   */
  async until(
    runId: string,
    condition: (run: Run) => boolean,
    onChange: (run: Run | null) => void = () => {},
  ): Promise<Run> {
    const { promise, resolve, reject } = Promise.withResolvers<Run>()
    const look = (run: Run | null) => {
      onChange(run)
      if (run && condition(run)) resolve(run)
    }
    const stop = this.#convex.onUpdate(api.runs.get, { runId }, look, reject)
    return await promise.finally(stop)
  }

  async untilFinal(runId: string): Promise<Run> {
    return await this.until(runId, ({ status }) => isFinal(status))
  }

  async close(): Promise<void> {
    await this.#convex.close()
  }
}
