import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { INSTANCE_ENVIRONMENT } from './fixture.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const START_DEADLINE_MS = 30_000

/** A server as a process of its own, as it is used. */
export interface Server {
  readonly url: string
  readonly siteUrl: string
  readonly port: number
  readonly dataDir: string
  readonly lines: readonly string[]
  readonly pid: number
  /** Resolves when it has ended, by itself too. */
  readonly ended: Promise<number | null>
  /** Ends it with a signal. @returns the exit code, null when the signal killed it */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export interface StartOptions {
  readonly port?: number
  /** With Node.js' inspector on a free port. */
  readonly inspect?: boolean
  /** Milliseconds that a function has. */
  readonly functionLimitMs?: number
}

/** Starts the process; for a process that does not come up, throws with what it said. */
export async function startServer(dataDir: string, options: StartOptions = {}): Promise<Server> {
  const child = spawnMain(dataDir, {
    CONVEX_API_PORT: String(options.port ?? 0),
    CONVEX_SITE_PORT: '0',
    ...(options.functionLimitMs ? { CONVEX_FUNCTION_LIMIT_MS: String(options.functionLimitMs) } : {}),
    ...(options.inspect ? { NODE_OPTIONS: '--inspect=127.0.0.1:0' } : {}),
  })
  const lines: string[] = []
  const exited = exitOf(child)
  const started = new Promise<[string, string]>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not up in time: ${lines.join('\n')}`)), START_DEADLINE_MS)
    const read = (line: string) => {
      lines.push(line)
      const [, url, siteUrl] = /API on (\S+), HTTP actions on (\S+),/.exec(line) ?? []
      if (!url || !siteUrl) return
      clearTimeout(timer)
      resolve([url, siteUrl])
    }
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', read)
    void exited.then(() => {
      clearTimeout(timer)
      reject(new Error(lines.join('\n')))
    })
  })
  const [url, siteUrl] = await started
  return {
    url,
    siteUrl,
    port: Number(new URL(url).port),
    dataDir,
    lines,
    pid: child.pid ?? 0,
    ended: exited,
    stop: async (signal = 'SIGINT') => {
      child.kill(signal)
      return await exited
    },
  }
}

/** The process with these variables: for those that end by themselves. `prefix` is what it is run by. */
export async function runMain(
  env: NodeJS.ProcessEnv,
  prefix: readonly string[] = [],
): Promise<{ exitCode: number | null; output: string }> {
  const [command = '', ...args] = [...prefix, process.execPath, MAIN]
  const child = spawn(command, args, { env: { PATH: process.env.PATH, ...env } })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const exitCode = await exitOf(child)
  return { exitCode, output: Buffer.concat(chunks).toString() }
}

function spawnMain(dataDir: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      ...INSTANCE_ENVIRONMENT,
      CONVEX_DATA_DIR: dataDir,
      ...env,
    },
  })
}

/** Waits for the end of a process and of what it printed. @returns the exit code, null when a signal killed it */
export async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : null
}
