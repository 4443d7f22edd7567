import { readFileSync, rmSync } from 'node:fs'
import { url as inspectorUrl } from 'node:inspector'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import { currentExecution } from '../engine/execution.ts'
import { WATCHER } from './watcherProgram.ts'

/** What the watcher needs to know: shared memory, how long it waits, and where it leaves its note. */
export interface WatcherData {
  /** Two numbers: beats of the server's event loop, and whether a debugger is attached (1). */
  readonly beats: Int32Array
  /** Milliseconds without a beat. */
  readonly limitMs: number
  readonly noteFile: string
  /** A Symbol.for by which the server's thread tells which function it is in. */
  readonly runningName: string
}

/** A function that never gave the server its turn back. */
const Endless = z.object({
  /** As it is called: `runs:list`. Empty when it was not a function, or could not be found out. */
  function: z.string(),
  /** `convex/runs.ts:12`; empty when it could not be found out. */
  where: z.string(),
})
export type Endless = z.infer<typeof Endless>

const Note = z.array(Endless)
const NOTE_FILE = 'endless-functions.json'
const RUNNING_NAME = 'nebula.convex-embedded.running'
const BEAT_MS = 500

/** What a query or mutation has, as README.md says: longer than Convex allows, short enough to wait for. */
const LIMIT_MS = 15_000

/**
 * Ends this process when a function does not give the event loop back: functions run in this thread, and nothing else
 * does then, neither a request nor SIGTERM. A second thread watches; it leaves a note, by which the server that starts
 * next refuses the function until the next push. A clock that both threads share does not run while the machine sleeps.
 */
export class Watchdog {
  readonly #noteFile: string
  readonly #limitMs: number
  readonly #refused: Map<string, Endless>
  #beating: NodeJS.Timeout | undefined
  #watcher: Worker | undefined

  constructor(dataDir: string, limitMs = LIMIT_MS) {
    this.#noteFile = path.join(dataDir, NOTE_FILE)
    this.#limitMs = limitMs
    this.#refused = new Map(readNote(this.#noteFile).map((endless) => [endless.function, endless]))
  }

  /** The functions that are refused, for the log. */
  get refused(): readonly Endless[] {
    return [...this.#refused.values()]
  }

  start(): void {
    const beats = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
    this.#beating = setInterval(() => {
      Atomics.store(beats, 1, inspectorUrl() === undefined ? 0 : 1)
      Atomics.add(beats, 0, 1)
    }, BEAT_MS)
    Object.assign(globalThis, { [Symbol.for(RUNNING_NAME)]: () => currentExecution()?.call.path ?? '' })
    const workerData: WatcherData = {
      beats,
      limitMs: this.#limitMs,
      noteFile: this.#noteFile,
      runningName: RUNNING_NAME,
    }
    this.#watcher = new Worker(WATCHER, { workerData })
    this.#watcher.unref()
  }

  /** Why a function may not run; null when it may. */
  whyRefused(name: string): string | null {
    const endless = this.#refused.get(name)
    if (!endless) return null
    const where = endless.where ? ` (${endless.where})` : ''
    return `${name} did not end within ${this.#limitMs / 1000} s${where} and stopped the server. Fix it; the next push enables it again.`
  }

  /** Other functions are there: what was refused may run again. */
  forgive(): void {
    this.#refused.clear()
    rmSync(this.#noteFile, { force: true })
  }

  stop(): void {
    clearInterval(this.#beating)
    void this.#watcher?.terminate()
  }
}

/** The note of a server that was ended; nothing when there is none, or it was cut off. */
function readNote(file: string): readonly Endless[] {
  try {
    return Note.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return []
  }
}
