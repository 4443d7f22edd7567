import { once } from 'node:events'
import { connect } from 'node:net'
import type { Ready, Service } from '../catalogue/schema.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { exec } from '../system/exec.ts'
import { firstLine, lastLines } from '../system/text.ts'
import type { Finding, Try } from './check.ts'
import { checkGrpc } from './checkGrpc.ts'
import { checkHttp } from './checkHttp.ts'
import { checkPostgres } from './checkPostgres.ts'

export interface ProbeResult extends Finding {
  /** How long the try took, milliseconds. */
  readonly ms: number
}

export interface ProbeContext {
  readonly service: Pick<Service, 'id' | 'endpoints'>
  readonly secrets: Secrets
  /** Where commands run, for checks that are commands. Default: this process's folder. */
  readonly cwd?: string
  readonly signal?: AbortSignal | undefined
}

const HOST = '127.0.0.1'
const TRY_TIMEOUT_MS = 2_000

/**
 * Tries a service's check once, from this machine. A service that does not answer is a result, not an error.
 * @throws the reason of `context.signal` when it aborts.
 */
export async function probe(check: Ready, context: ProbeContext): Promise<ProbeResult> {
  context.signal?.throwIfAborted()
  const timeout = AbortSignal.timeout(TRY_TIMEOUT_MS)
  const signal = context.signal ? AbortSignal.any([context.signal, timeout]) : timeout
  const start = performance.now()
  const finding = await tryOnce(check, context, signal).catch((error: unknown): Finding => {
    context.signal?.throwIfAborted()
    return { ok: false, detail: timeout.aborted ? `no answer within ${TRY_TIMEOUT_MS} ms` : describe(error) }
  })
  return { ...finding, ms: Math.round(performance.now() - start) }
}

async function tryOnce(check: Ready, context: ProbeContext, signal: AbortSignal): Promise<Finding> {
  if (check.kind === 'exec') return await checkExec(check.argv, { cwd: context.cwd, timeoutMs: TRY_TIMEOUT_MS, signal })
  const target = { host: HOST, port: portOf(check.endpoint, context.service), signal }
  switch (check.kind) {
    case 'http':
      return await checkHttp(check, target)
    case 'tcp':
      return await checkTcp(target)
    case 'grpc':
      return await checkGrpc(check.service, target)
    case 'postgres':
      return await checkPostgres(check, context.secrets[check.passwordSecret], target)
  }
}

/** Runs a command without a shell; 0 is ready. */
async function checkExec(
  argv: readonly string[],
  { cwd, ...options }: { cwd: string | undefined; timeoutMs: number; signal: AbortSignal },
): Promise<Finding> {
  const { exitCode, stderr, stdout } = await exec(argv, { ...options, ...(cwd === undefined ? {} : { cwd }) })
  if (exitCode === 0) return { ok: true }
  const said = lastLines(stderr.trim() || stdout, 1)
  return { ok: false, detail: `\`${argv.join(' ')}\` exited with ${exitCode}${said ? `: ${said}` : ''}` }
}

/** Opens a connection and closes it again. */
async function checkTcp({ host, port, signal }: Try): Promise<Finding> {
  const socket = connect({ host, port })
  try {
    await once(socket, 'connect', { signal })
    return { ok: true }
  } finally {
    socket.destroy()
  }
}

function portOf(name: string, service: ProbeContext['service']): number {
  const endpoint = service.endpoints.find((candidate) => candidate.name === name)
  if (!endpoint) throw new TypeError(`${service.id} has no endpoint "${name}"`)
  return endpoint.localPort
}

/** The innermost cause says what happened (`ECONNREFUSED`), the outer ones only that something did (`fetch failed`). */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return describe(error.cause)
  if ('code' in error && error.code === 'ECONNREFUSED') return 'nothing listens there'
  if ('code' in error && error.code === 'ECONNRESET') return 'the connection was closed'
  return firstLine(error.message)
}
