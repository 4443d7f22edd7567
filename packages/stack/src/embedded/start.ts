import path from 'node:path'
import type { Service } from '../catalogue/schema.ts'
import { SUPERVISE, SUPERVISOR_LOG } from '../checkout/paths.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import type { UpOptions } from '../driver/stackDriver.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { ensureSecrets } from '../secrets/secrets.ts'
import { identifyProcess, terminate } from '../system/processes.ts'
import { startInBackground } from '../system/startInBackground.ts'
import { supervisorEnded } from './follow.ts'
import { type LeftData, leftData } from './leftData.ts'
import type { ConvexChoice } from './programs/convexBackend.ts'
import { findPrograms, type Programs } from './programs/programs.ts'
import type { EmbeddedStack } from './state/embeddedStack.ts'
import { type Abandoned, endAbandoned, findRunning } from './state/running.ts'

/** A stack that is to be started. */
export interface StartOptions extends EmbeddedStack {
  readonly convex: ConvexChoice
}

const ORPHAN_GRACE_MS = 5_000
const START_DEADLINE_MS = 15_000
const INTERVAL_MS = 50
const GRACE_MS = 5_000

/**
 * Starts a stack of which no supervisor runs: ends what a killed one left, makes secrets, finds programs, starts the
 * supervisor. Services then start by themselves.
 * @throws NebulaError when a program cannot be had, or the supervisor does not start.
 */
export async function startStack(
  { root, whole, catalogue, convex }: StartOptions,
  left: Abandoned | { readonly kind: 'nothing' },
  { onEvent, signal }: UpOptions,
): Promise<void> {
  if (left.kind === 'abandoned') await endOrphans(root, left, onEvent)
  const secrets = await ensureSecrets(root)
  const warn = (id: string, message: string) => onEvent({ type: 'step', id, state: 'warning', message })
  const programs = await reportStep(
    onEvent,
    'programs',
    'Programs',
    (onStep) =>
      findPrograms(catalogue, {
        convex,
        env: process.env,
        onStep,
        onWarning: (message) => warn('convex', message),
        signal,
      }),
    (found) =>
      Object.entries(found)
        .map(([name, program]) =>
          program ? `${name} ${program.version} from ${program.source}` : `no ${name}: a stand-in runs`,
        )
        .join('; '),
  )
  signal?.throwIfAborted()
  for (const service of catalogue.services) {
    const other = await leftData(service, { root, whole, secrets, programs })
    if (other) warn(`${service.id}-data`, describeLeftData(service, other))
  }
  await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    () => startSupervisorProcess(root, programs),
    () => 'started',
  )
}

async function endOrphans(root: string, left: Abandoned, onEvent: OnEvent): Promise<void> {
  const start = performance.now()
  const ended = await endAbandoned(root, left, ORPHAN_GRACE_MS)
  if (ended.length === 0) return
  const message = `the supervisor was killed; ended what it left: ${ended.join(', ')}`
  onEvent({ type: 'step', id: 'orphans', state: 'started', message: 'Left-overs' })
  onEvent({ type: 'step', id: 'orphans', state: 'done', message, ms: Math.round(performance.now() - start) })
}

/** Fits into a line of a terminal, where what is longer is cut off. */
function describeLeftData({ title }: Service, { of, instead }: LeftData): string {
  const who = of === 'real' ? 'the real one' : 'its stand-in'
  const what = instead === 'none' ? `${title} is empty, ${who} is not` : `${title}: ${who} is newer`
  return `${what} (npm run down; npm run up -- --convex ${of})`
}

/**
 * Starts a supervisor in the background, where no Ctrl-C reaches it, and waits until it has written down that it runs.
 * @throws NebulaError with what it said when it ends at once, or when it is not there in time.
 */
export async function startSupervisorProcess(
  root: string,
  programs: Programs,
  deadlineMs = START_DEADLINE_MS,
): Promise<void> {
  const isWritten = async (own: number) => {
    const running = await findRunning(root)
    return running.kind === 'supervised' && running.supervisor.pid === own
  }
  const { outcome, pid } = await startInBackground(
    {
      argv: [process.execPath, path.join(root, SUPERVISE), JSON.stringify(programs)],
      cwd: root,
      log: path.join(root, SUPERVISOR_LOG),
    },
    isWritten,
    { deadlineMs, intervalMs: INTERVAL_MS },
  )
  if (outcome === 'ended') throw await supervisorEnded(root)
  if (outcome === 'there' || pid === undefined) return
  // Nobody else would ever find it. It may just have ended.
  const identity = await identifyProcess(pid)
  if (identity) await terminate(identity, { signal: 'SIGTERM', graceMs: GRACE_MS })
  throw new NebulaError(`the supervisor (pid ${pid}) did not start within ${deadlineMs / 1000} s, and was ended`, {
    code: 'SUPERVISOR_SLOW',
    hint: 'npm run up',
  })
}
