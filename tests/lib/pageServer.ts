import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { until } from '@nebula/stack/system/until'
import { type Checkout, copyCheckout, repository } from './checkout.ts'
import { freePorts } from './freePorts.ts'

const START_DEADLINE_MS = 60_000

/** A copy of the repository with the page's packages installed, so that nothing of it but those is outside of it. */
export function copyInstalledCheckout(): Checkout {
  const checkout = copyCheckout()
  mkdirSync(path.join(checkout.root, 'node_modules'))
  symlinkSync(path.join(repository, 'node_modules/.pnpm'), path.join(checkout.root, 'node_modules/.pnpm'))
  for (const project of ['apps/desktop', 'packages/shared', 'packages/convex', 'packages/stack']) {
    const folder = path.join(project, 'node_modules')
    cpSync(path.join(repository, folder), path.join(checkout.root, folder), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !path.basename(file).startsWith('.vite'),
    })
  }
  return checkout
}

/** The page's server of a checkout, as the stack starts it, on a free port. */
export class PageServer {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(port: number, process: ChildProcess) {
    this.port = port
    this.#process = process
  }

  /** @param args Vite's: none for the dev server. */
  static async start(root: string, args: readonly string[] = []): Promise<PageServer> {
    const [port = 0] = await freePorts(1)
    const server = new PageServer(port, runVite(root, args, { PORT: String(port) }))
    const answers = async () => (await fetch(server.url).catch(() => null))?.status === 200
    if (await until(answers, { deadlineMs: START_DEADLINE_MS })) return server
    await server.stop()
    throw new Error("the page's server did not start")
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return
    const ended = once(this.#process, 'exit')
    this.#process.kill()
    await ended
  }
}

/** Runs a command of Vite to its end. @returns the exit code. */
export async function vite(root: string, args: readonly string[]): Promise<number | null> {
  const [exitCode] = await once(runVite(root, args), 'exit')
  return exitCode
}

function runVite(root: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const cwd = path.join(root, 'apps/desktop')
  return spawn(process.execPath, ['node_modules/vite/bin/vite.js', ...args], {
    cwd,
    env: { ...process.env, NODE_ENV: '', CODESPACE_NAME: '', ...env },
    stdio: 'ignore',
  })
}
