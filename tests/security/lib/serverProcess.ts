import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { until } from '@nebula/stack/system/until'

const PROBE = path.join(import.meta.dirname, 'probe.mjs')
const START_MS = 60_000
const SETTLE_MS = 10_000
const KEPT = 20_000
const MOST_GROWTH_BYTES = 50 * 1024 * 1024
/** A listener's own, and those of files that are open only now and then. */
const MOST_MORE_DESCRIPTORS = 4

export interface Program {
  readonly file: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Finds its ports in what it has said so far; null: it is not up yet. */
  readonly ports: (said: string) => readonly number[] | null
}

interface Footprint {
  readonly bytes: number
  readonly descriptors: number
}

/** A server under test, as a process of its own: that it ends, and what it holds, can be seen from here. */
export class ServerProcess {
  readonly ports: readonly number[]
  readonly #child: ChildProcess
  readonly #said: () => string
  #before: Footprint | undefined

  private constructor(child: ChildProcess, said: () => string, ports: readonly number[]) {
    this.#child = child
    this.#said = said
    this.ports = ports
  }

  static async start(program: Program): Promise<ServerProcess> {
    const { file, args = [], env = {}, cwd } = program
    const child = spawn(process.execPath, ['--expose-gc', '--import', PROBE, file, ...args], {
      env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    let said = ''
    const hear = (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-KEPT)
    }
    child.stdout?.on('data', hear)
    child.stderr?.on('data', hear)
    const isUp = async () => child.exitCode !== null || program.ports(said) !== null
    await until(isUp, { deadlineMs: START_MS, intervalMs: 20 })
    const ports = program.ports(said)
    if (ports !== null) return new ServerProcess(child, () => said, ports)
    child.kill('SIGKILL')
    throw new Error(`${file} did not start: ${said}`)
  }

  /** @throws Error with its last words when it has ended. */
  mustRun(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return
    throw new Error(
      `the server ended (${this.#child.exitCode ?? this.#child.signalCode}): ${this.#said().slice(-2_000)}`,
    )
  }

  /** Remembers what it holds now, for `mustHoldNoMore`. */
  async remember(): Promise<void> {
    this.#before = await this.#footprint()
  }

  /** @throws Error when it holds more than it did, and does not let go of it. */
  async mustHoldNoMore(): Promise<void> {
    const before = this.#before
    if (before === undefined) throw new TypeError('there is nothing to compare with')
    let now = before
    const isBack = async () => {
      now = await this.#footprint()
      return (
        now.bytes - before.bytes < MOST_GROWTH_BYTES && now.descriptors - before.descriptors <= MOST_MORE_DESCRIPTORS
      )
    }
    if (await until(isBack, { deadlineMs: SETTLE_MS, intervalMs: 200 })) return
    throw new Error(`the server holds more than before: ${JSON.stringify({ before, now })}`)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async #footprint(): Promise<Footprint> {
    this.mustRun()
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(SETTLE_MS) })
    this.#child.send('footprint')
    const [bytes] = await answered
    return { bytes: Number(bytes), descriptors: descriptorsOf(this.#child.pid ?? 0) }
  }
}

/** How many a process has open; where there is no /proc, none is counted. */
function descriptorsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}
