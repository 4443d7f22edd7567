import type { JSONValue } from 'convex/values'
import { NOBODY } from '../auth/caller.ts'
import type { CronSpec } from '../deploy/deployment.ts'
import type { Functions } from '../functions.ts'
import { type NextRun, nextRunOf } from './cronTime.ts'

const MAX_DELAY_MS = 2_147_483_647

/** Runs the jobs of `crons.ts`: never two of one job at once, and none for the time in which no server ran. */
export class Crons {
  readonly #functions: Functions
  readonly #log: (line: string) => void
  #generation = 0
  readonly #timers = new Map<string, NodeJS.Timeout>()

  constructor(options: { functions: Functions; log: (line: string) => void }) {
    this.#functions = options.functions
    this.#log = options.log
  }

  /** Replaces the jobs. */
  start(specs: Readonly<Record<string, CronSpec>>): void {
    this.stop()
    for (const [name, spec] of Object.entries(specs)) {
      try {
        this.#arm(name, spec, nextRunOf(spec.schedule), Date.now(), this.#generation)
      } catch (error) {
        this.#log(`cron job "${name}" does not run: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }

  stop(): void {
    this.#generation += 1
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  #arm(name: string, spec: CronSpec, nextRun: NextRun, after: number, generation: number): void {
    const time = nextRun(after)
    if (time === null || generation !== this.#generation) return
    this.#wait(name, time, async () => {
      // JSON already: crons.ts encoded them.
      const args = (spec.args[0] ?? {}) as JSONValue
      await this.#functions.call({ path: spec.name, args, caller: { ...NOBODY, admin: true } })
      // From now on when the job took longer than its interval.
      this.#arm(name, spec, nextRun, Math.max(time, Date.now() - 1), generation)
    })
  }

  #wait(name: string, time: number, then: () => Promise<void>): void {
    const delay = Math.min(Math.max(0, time - Date.now()), MAX_DELAY_MS)
    const timer = setTimeout(() => {
      if (Date.now() < time) this.#wait(name, time, then)
      else void then()
    }, delay)
    this.#timers.set(name, timer)
  }
}
