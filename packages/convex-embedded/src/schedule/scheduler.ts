import { convexToJson, type Value } from 'convex/values'
import { z } from 'zod'
import { NOBODY } from '../auth/caller.ts'
import type { Engine } from '../engine/engine.ts'
import { inRootContext } from '../engine/rootContext.ts'
import { tableOf } from '../engine/validator.ts'
import type { Functions } from '../functions.ts'

const TABLE = '_scheduled_functions'
const PARALLEL = 8
/** Node.js fires longer timers at once. */
const MAX_DELAY_MS = 2_147_483_647
const KEPT_MS = 3_600_000

const Job = z.object({
  name: z.string(),
  args: z.array(z.custom<Record<string, Value>>()),
  scheduledTime: z.number(),
  completedTime: z.number().optional(),
  state: z.object({ kind: z.enum(['pending', 'inProgress', 'success', 'failed', 'canceled']) }),
})
type Job = z.infer<typeof Job>

/**
 * Runs what functions schedule, from the table `_scheduled_functions` itself: what is pending there runs when its time
 * has come, also after a restart. A mutation runs exactly once, with its job in the same transaction; an action at most
 * once: one that was interrupted has failed.
 */
export class Scheduler {
  readonly #engine: Engine
  readonly #functions: Functions
  readonly #log: (line: string) => void
  readonly #due = new Map<string, number>()
  readonly #running = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: { engine: Engine; functions: Functions; log: (line: string) => void }) {
    this.#engine = options.engine
    this.#functions = options.functions
    this.#log = options.log
  }

  /** Takes up what a former process left behind. */
  async start(): Promise<void> {
    const interrupted: string[] = []
    for (const document of this.#engine.tables.documents(TABLE)) {
      const { state, scheduledTime } = Job.parse(document)
      if (state.kind === 'pending') this.#due.set(document._id, scheduledTime)
      if (state.kind === 'inProgress') interrupted.push(document._id)
    }
    for (const id of interrupted) await this.#finish(id, 'failed')
    await this.prune()
    this.#arm()
  }

  /** After a commit. */
  changed(documentIds: readonly string[]): void {
    const jobs = documentIds.filter((id) => tableOf(id) === TABLE)
    if (jobs.length === 0) return
    for (const id of jobs) {
      const job = this.#job(id)
      if (job?.state.kind === 'pending') this.#due.set(id, job.scheduledTime)
      else this.#due.delete(id)
    }
    inRootContext(() => this.#arm())
  }

  /** Removes jobs that ended more than an hour ago. */
  async prune(): Promise<void> {
    const limit = Date.now() - KEPT_MS
    const old = [...this.#engine.tables.documents(TABLE)].filter((document) => {
      const { state, completedTime } = Job.parse(document)
      return state.kind !== 'pending' && state.kind !== 'inProgress' && (completedTime ?? 0) < limit
    })
    if (old.length === 0) return
    await this.#engine.transaction(() => {
      for (const { _id } of old) this.#engine.delete(_id)
      return null
    })
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#stopped || this.#running.size >= PARALLEL) return
    const waiting = [...this.#due].filter(([id]) => !this.#running.has(id))
    if (waiting.length === 0) return
    const next = Math.min(...waiting.map(([, time]) => time))
    const delay = Math.min(Math.max(0, next - Date.now()), MAX_DELAY_MS)
    this.#timer = setTimeout(() => this.#runDue(), delay)
  }

  #runDue(): void {
    const now = Date.now()
    const due = [...this.#due].filter(([id, time]) => time <= now && !this.#running.has(id))
    due.sort(([, a], [, b]) => a - b)
    for (const [id] of due.slice(0, PARALLEL - this.#running.size)) {
      this.#running.add(id)
      void this.#run(id).finally(() => {
        this.#running.delete(id)
        this.#due.delete(id)
        this.#arm()
      })
    }
    this.#arm()
  }

  async #run(id: string): Promise<void> {
    try {
      const job = this.#job(id)
      if (job?.state.kind !== 'pending') return
      if (this.#engine.deployment.functions.get(job.name)?.kind === 'mutation') await this.#runMutation(id, job)
      else await this.#runAction(id, job)
    } catch (error) {
      this.#log(`scheduled function ${id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  async #runMutation(id: string, job: Job): Promise<void> {
    const ok = await this.#engine.callScheduled(job.name, job.args[0] ?? {}, () => {
      if (this.#job(id)?.state.kind !== 'pending') return false
      this.#engine.patch(id, { state: { kind: 'success' }, completedTime: Date.now() })
      return true
    })
    if (!ok) await this.#finish(id, 'failed')
  }

  async #runAction(id: string, job: Job): Promise<void> {
    await this.#engine.transaction(() => {
      this.#engine.patch(id, { state: { kind: 'inProgress' } })
      return null
    })
    const caller = { ...NOBODY, admin: true }
    const args = convexToJson(job.args[0] ?? {})
    const reply = await this.#functions.call({ path: job.name, args, caller })
    await this.#finish(id, reply.ok ? 'success' : 'failed')
  }

  async #finish(id: string, kind: 'success' | 'failed'): Promise<void> {
    await this.#engine.transaction(() => {
      const current = this.#job(id)?.state.kind
      // Canceled meanwhile, or removed.
      if (current === 'pending' || current === 'inProgress') {
        this.#engine.patch(id, { state: { kind }, completedTime: Date.now() })
      }
      return null
    })
  }

  #job(id: string): Job | null {
    const document = this.#engine.document(id)
    return document === null ? null : Job.parse(document)
  }
}
