import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { deriveAdminKey } from '@nebula/stack/secrets/adminKey'
import { ConvexClient, ConvexHttpClient } from 'convex/browser'
import { type ApiFromModules, anyApi, type FunctionReference } from 'convex/server'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type * as messages from './fixture/convex/messages.ts'
import type * as work from './fixture/convex/work.ts'
import { pushFixture } from './pushFixture.ts'

export const FIXTURE = fileURLToPath(new URL('fixture', import.meta.url))
const INSTANCE = { instanceName: 'fixture', instanceSecret: 'ab'.repeat(32) }
/** For the process. */
export const INSTANCE_ENVIRONMENT = {
  INSTANCE_NAME: INSTANCE.instanceName,
  INSTANCE_SECRET: INSTANCE.instanceSecret,
} as const
export const ADMIN_KEY = deriveAdminKey(INSTANCE)
/** Its functions, typed: `_generated` is not in the repository for the fixture. */
export const api: ApiFromModules<{ messages: typeof messages; work: typeof work }> = anyApi as never

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const CLI = fileURLToPath(new URL('../node_modules/convex/bin/main.js', import.meta.url))
const START_DEADLINE_MS = 30_000
const WAIT_DEADLINE_MS = 20_000

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

/** A folder that is gone when `clean` was called. */
export async function temporaryFolder(): Promise<{ folder: string; clean: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nebula-convex-'))
  return { folder, clean: () => rm(folder, { recursive: true, force: true }) }
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

/** Runs the real CLI against a server, in a folder with functions. */
export async function convex(
  server: Pick<Server, 'url'>,
  args: readonly string[],
  options: { cwd?: string; input?: string; adminKey?: string } = {},
): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: options.cwd ?? FIXTURE,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      CI: '1',
      CONVEX_SELF_HOSTED_URL: server.url,
      CONVEX_SELF_HOSTED_ADMIN_KEY: options.adminKey ?? ADMIN_KEY,
    },
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin.end(options.input ?? '')
  const exitCode = await exitOf(child)
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}

export const DEPLOY = ['deploy', '--typecheck', 'disable', '--codegen', 'disable']

/** A server with the fixture's functions, in a folder of its own. Call `clean` in the end. */
export async function startDeployed(
  options: StartOptions = {},
): Promise<{ server: Server; signer: Signer; clean: () => Promise<void> }> {
  const { folder, clean } = await temporaryFolder()
  const server = await startServer(folder, options)
  const signer = await makeSigner()
  await setEnvironment(server, { FIXTURE_JWKS: signer.jwks })
  await pushFixture(server)
  const stopAndClean = async () => {
    await server.stop('SIGKILL')
    await clean()
  }
  return { server, signer, clean: stopAndClean }
}

export async function setEnvironment(server: Server, variables: Record<string, string | null>): Promise<Response> {
  return await fetch(`${server.url}/api/update_environment_variables`, {
    method: 'POST',
    headers: { Authorization: `Convex ${ADMIN_KEY}` },
    body: JSON.stringify({ changes: Object.entries(variables).map(([name, value]) => ({ name, value })) }),
  })
}

export function httpClient(server: Pick<Server, 'url'>): ConvexHttpClient {
  return new ConvexHttpClient(server.url, { logger: false })
}

/** A WebSocket client that is closed when the test is over. */
export function liveClient(server: Pick<Server, 'url'>): ConvexClient {
  const client = new ConvexClient(server.url, { logger: false, unsavedChangesWarning: false })
  onTestFinished(() => client.close())
  return client
}

/** Collects what a subscription delivers, and waits for a result that fits. */
export function watch<T>(client: ConvexClient, query: FunctionReference<'query'>, args: Record<string, unknown>) {
  const results: T[] = []
  const errors: Error[] = []
  const wake = new Set<() => void>()
  const notify = () => {
    for (const resolve of wake) resolve()
  }
  const stop = client.onUpdate(
    query,
    args,
    (value: T) => {
      results.push(value)
      notify()
    },
    (error) => {
      errors.push(error)
      notify()
    },
  )
  const until = async (fits: (value: T) => boolean): Promise<T> => {
    const deadline = AbortSignal.timeout(WAIT_DEADLINE_MS)
    for (;;) {
      const last = results.at(-1)
      if (last !== undefined && fits(last)) return last
      await new Promise<void>((resolve, reject) => {
        wake.add(resolve)
        deadline.addEventListener('abort', () => reject(new Error(`only got ${JSON.stringify(last)}`)))
      })
    }
  }
  return { results, errors, until, stop }
}

/** Asks again until the answer fits. */
export async function eventually<T>(ask: () => T | Promise<T>, fits: (value: T) => boolean): Promise<T> {
  const end = performance.now() + WAIT_DEADLINE_MS
  for (;;) {
    const value = await ask()
    if (fits(value)) return value
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export interface Signer {
  readonly jwks: string
  sign(claims?: Record<string, unknown>, expiresIn?: string | number): Promise<string>
}

/** A key for the fixture's provider: its public half as a data: URI, and tokens signed with it. */
export async function makeSigner(): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }]
  return {
    jwks: `data:text/plain;charset=utf-8;base64,${Buffer.from(JSON.stringify({ keys })).toString('base64')}`,
    sign: async (claims = {}, expiresIn = '5m') =>
      await new SignJWT({ iss: 'https://fixture.invalid/service', aud: 'fixture', sub: 'worker', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'JWT' })
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(privateKey),
  }
}

/** A JSON object that somebody answered with. */
export async function json(response: Response): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(await response.json())
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return address.port
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

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const [code] = await once(child, 'close')
  return typeof code === 'number' ? code : null
}
