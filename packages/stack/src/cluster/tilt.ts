import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { TILT_LOG } from '../checkout/paths.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { execText } from '../system/exec.ts'
import { holderOfPort } from '../system/ports/ports.ts'
import { identifyProcess, terminate } from '../system/processes.ts'
import { startInBackground } from '../system/startInBackground.ts'
import { lastLines } from '../system/text.ts'
import { until } from '../system/until.ts'
import { tiltfileReason } from './tiltfileTrouble.ts'
import { TILTFILE, TILTFILE_RESOURCE, type TiltResource, tiltResources, tiltSession } from './tiltResource.ts'

export interface TiltOptions {
  readonly root: string
  readonly context: string
  readonly port: number
  readonly signal?: AbortSignal | undefined
}

const START_DEADLINE_MS = 30_000
const STOP_GRACE_MS = 10_000

/**
 * The Tilt that runs this checkout's Tiltfile, whoever started it.
 * @returns its process id, or null when none runs.
 * @throws NebulaError when the Tilt on this port belongs to another checkout.
 */
export async function findTilt({ root, port }: Pick<TiltOptions, 'root' | 'port'>): Promise<{ pid: number } | null> {
  const session = await tiltSession(port)
  if (!session) return null
  if (path.resolve(session.tiltfile) !== path.join(root, TILTFILE)) {
    throw new NebulaError(`port ${port} (Tilt) is taken by the Tilt of another checkout: ${session.tiltfile}`, {
      code: 'TILT_OF_ANOTHER_CHECKOUT',
      hint: `cd ${path.dirname(path.dirname(session.tiltfile))} && npm run down`,
      exitCode: ExitCode.Precondition,
    })
  }
  const pid = session.pid ?? (await holderOfPort(port))?.pid
  return pid === undefined ? null : { pid }
}

/**
 * Starts Tilt in the background, unless it runs already, and waits until it has loaded the Tiltfile.
 * @returns whether it was started now.
 * @throws NebulaError when Tilt ends at once, or the Tiltfile has an error.
 */
export async function ensureTilt(options: TiltOptions): Promise<'started' | 'running'> {
  const found = await findTilt(options)
  if (!found) await startTilt(options)
  await tiltfileLoaded(options)
  return found ? 'running' : 'started'
}

/**
 * Runs again what failed to build or deploy, and what has ended on this machine: Tilt itself waits for somebody to edit a
 * file.
 * @returns the ids of what runs again.
 */
export async function retryFailed(port: number): Promise<readonly string[]> {
  const resources = (await tiltResources(port)) ?? new Map()
  const failed = [...resources.values()].filter(hasFailed).map(({ name }) => name)
  for (const name of failed) await execText(['tilt', 'trigger', name, '--port', String(port)])
  return failed
}

/** A server on this machine has nothing to build; Kubernetes starts again what ends in a pod. */
function hasFailed({ updateStatus, runtimeStatus, isOnDemand }: TiltResource): boolean {
  const hasEnded = updateStatus === 'not_applicable' && runtimeStatus === 'error'
  return updateStatus === 'error' || (hasEnded && !isOnDemand)
}

/**
 * Ends this checkout's Tilt. The cluster and what runs in it stay.
 * @returns whether there was one.
 */
export async function stopTilt(options: Pick<TiltOptions, 'root' | 'port'>): Promise<boolean> {
  const found = await findTilt(options)
  const identity = found && (await identifyProcess(found.pid))
  if (!identity) return false
  await terminate(identity, { signal: 'SIGTERM', graceMs: STOP_GRACE_MS })
  return true
}

async function startTilt({ root, context, port, signal }: TiltOptions): Promise<void> {
  const log = path.join(root, TILT_LOG)
  const argv = ['tilt', 'up', '--file', TILTFILE, '--context', context, '--host', '127.0.0.1', '--port', String(port), '--stream'] as const // biome-ignore format: one command
  const { outcome, error } = await startInBackground(
    { argv, cwd: root, log },
    async () => (await tiltSession(port)) !== null,
    { deadlineMs: START_DEADLINE_MS, signal },
  )
  if (error) throw error
  if (outcome !== 'there') throw await tiltDidNotStart(log)
}

async function tiltDidNotStart(log: string): Promise<NebulaError> {
  const tail = lastLines(await readFile(log, 'utf8').catch(() => ''), 5)
  return new NebulaError(`Tilt did not start. The end of ${TILT_LOG}:\n${tail}`, {
    code: 'TILT_FAILED',
    hint: `tail -n 50 ${TILT_LOG}`,
    exitCode: ExitCode.Failed,
  })
}

/** Tilt lists resources as soon as it has loaded the Tiltfile; an error in it is the error of the resource "(Tiltfile)". */
async function tiltfileLoaded({ root, port, signal }: TiltOptions): Promise<void> {
  let error: string | undefined
  const loaded = await until(
    async () => {
      const tiltfile = (await tiltResources(port))?.get(TILTFILE_RESOURCE)
      error = tiltfile?.updateStatus === 'error' ? (tiltfile.buildError ?? 'unknown error') : undefined
      return error !== undefined || tiltfile?.updateStatus === 'ok'
    },
    { deadlineMs: START_DEADLINE_MS, signal },
  )
  if (loaded && error === undefined) return
  throw new NebulaError(
    error === undefined
      ? `Tilt did not load ${TILTFILE} within ${START_DEADLINE_MS / 1000} s`
      : await tiltfileReason(error, root),
    {
      code: 'TILTFILE_FAILED',
      hint: `tail -n 50 ${TILT_LOG}`,
      exitCode: ExitCode.Failed,
    },
  )
}
