import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Health } from '@nebula/shared'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The worker as it really runs: a process of its own. */
export class WorkerProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  output = ''

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, ['src/main.ts'], {
      cwd: ROOT,
      env: { HEALTH_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (chunk) => (this.output += chunk))
    this.#exit = once(this.#child, 'close').then(([code]: (number | null)[]) => code ?? null)
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** The exit code, once the process has ended; null when a signal ended it. */
  async exited(): Promise<number | null> {
    return await this.#exit
  }

  /** What `/health` says; `gone` when nobody answers. */
  async health(): Promise<Health['status'] | 'gone'> {
    const url = /url="(\S+)"/.exec(this.output)?.[1]
    if (!url) return 'gone'
    try {
      const response = await fetch(url, { headers: { connection: 'close' } })
      return ((await response.json()) as Health).status
    } catch {
      return 'gone'
    }
  }
}
