import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import { logFile } from '../../checkout/paths.ts'

const MAX_SIZE = '5M'
const KEPT_FILES = 3
const REMEMBERED_LINES = 100

/** Marks where a process began in a log; nothing before it is said by that process. */
export const START_MARK = '── started'

/** A service's output in `.nebula/logs`, rotated at 5 MB, with the last lines of the present process at hand. */
export class ServiceLog {
  readonly #stream: RotatingFileStream
  #recent: string[] = []

  constructor(root: string, id: string) {
    const file = logFile(root, id)
    mkdirSync(path.dirname(file), { recursive: true })
    this.#stream = createStream(path.basename(file), {
      path: path.dirname(file),
      size: MAX_SIZE,
      rotate: KEPT_FILES,
      mode: 0o600,
    })
    // A full disk must not take the services along: what cannot be kept is lost.
    this.#stream.on('error', () => {})
  }

  /** Begins the output of another process. */
  begin(pid: number): void {
    this.#recent = []
    this.#stream.write(`${START_MARK} ${new Date().toISOString()} (pid ${pid})\n`)
  }

  /** Says something of the supervisor's own. */
  note(text: string): void {
    this.#stream.write(`── ${text}\n`)
  }

  /** Keeps every line that a stream brings. */
  keep(output: Readable): void {
    createInterface({ input: output, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      this.#recent.push(line)
      if (this.#recent.length > REMEMBERED_LINES) this.#recent.shift()
      this.#stream.write(`${line}\n`)
    })
  }

  /** The last lines of the present process. */
  recent(): readonly string[] {
    return this.#recent
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#stream.end(() => resolve()))
  }
}
