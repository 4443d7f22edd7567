import type { Service } from '../catalogue/schema.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import { followServices, type StartResult } from '../driver/followServices.ts'
import { reportChecks } from '../driver/reportChecks.ts'
import type { UpOptions } from '../driver/stackDriver.ts'
import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { ensureSecrets, loadSecrets } from '../secrets/secrets.ts'
import { until } from '../system/until.ts'
import { downEmbedded } from './down.ts'
import { supervisorWatch } from './follow.ts'
import { type LeftData, leftData } from './leftData.ts'
import { checkMachine } from './preflight.ts'
import type { ConvexChoice } from './programs/convexBackend.ts'
import { findPrograms } from './programs/programs.ts'
import { startSupervisorProcess } from './startProcess.ts'
import type { EmbeddedStack } from './state/embeddedStack.ts'
import { endOrphans, findSupervisor, runningState } from './state/running.ts'
import type { EmbeddedState } from './state/supervisorState.ts'

/** A stack that is to be started. */
export interface StartOptions extends EmbeddedStack {
  readonly convex: ConvexChoice
}

const ORPHAN_GRACE_MS = 5_000
const RETRY_DEADLINE_MS = 5_000
/** The supervisor looks every two seconds. */
const REWRITE_DEADLINE_MS = 6_000

/**
 * Brings the stack up as plain processes: checks, secrets, programs, supervisor, services. Does again only what is
 * missing. What it started itself it ends again when the signal aborts.
 * @throws NebulaError when a precondition is not met or a step before the services fails.
 */
export async function upEmbedded(stack: StartOptions, options: UpOptions): Promise<StartResult> {
  const { onEvent, signal } = options
  await reportChecks(onEvent, () => checkMachine(stack))
  const running = await known(stack.root)
  if (running) {
    warnOfChanges(stack, running, onEvent)
    await retryFailed(stack.root, running, onEvent)
  } else await start(stack, options)
  const secrets = await loadSecrets(stack.root).catch(() => null)
  const began = performance.now()
  try {
    return await followServices(
      {
        catalogue: stack.catalogue,
        deadlineMs: options.timeoutMs,
        onChange: (status) => onEvent({ type: 'service', status, ms: Math.round(performance.now() - began) }),
        signal,
      },
      supervisorWatch(stack, secrets),
    )
  } catch (error) {
    if (signal?.aborted && !running) await downEmbedded(stack, onEvent)
    throw error
  }
}

/** What runs. A supervisor whose state was deleted writes it again; until then nobody knows of its services. */
async function known(root: string): Promise<EmbeddedState | null> {
  const isKnown = async () => (await runningState(root)) !== null
  const supervisor = await findSupervisor(root)
  if (!supervisor) return null
  await until(isKnown, { deadlineMs: REWRITE_DEADLINE_MS, intervalMs: 100 })
  const state = await runningState(root)
  if (state) return state
  throw new NebulaError(`the supervisor (pid ${supervisor.pid}) runs, but does not write down what it does`, {
    code: 'STATE_LOST',
    hint: 'npm run down',
    exitCode: ExitCode.Precondition,
  })
}

/** A stack that runs stays as it was started: what needs a new start is said, not done. */
function warnOfChanges({ definition, convex }: StartOptions, running: EmbeddedState, onEvent: OnEvent): void {
  const restart = '`npm run down`, then `npm run up`'
  const warn = (id: string, message: string) => onEvent({ type: 'step', id, state: 'warning', message })
  if (running.definition !== definition) {
    warn('definition', `infra/stack.yaml has changed since the stack was started; to apply it: ${restart}`)
  }
  if (convex !== 'auto')
    warn('convex', `--convex only applies when the stack starts (npm run down; npm run up -- --convex ${convex})`)
}

async function start({ root, whole, catalogue, convex }: StartOptions, { onEvent, signal }: UpOptions): Promise<void> {
  await endOrphansOf(root, onEvent)
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
    const left = await leftData(service, { root, whole, secrets, programs })
    if (left) warn(`${service.id}-data`, describeLeftData(service, left))
  }
  await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    () => startSupervisorProcess(root, programs),
    () => 'started',
  )
}

/** Fits into a line of a terminal, where what is longer is cut off. */
function describeLeftData({ title }: Service, { of, instead }: LeftData): string {
  const who = of === 'real' ? 'the real one' : 'its stand-in'
  const what = instead === 'none' ? `${title} is empty, ${who} is not` : `${title}: ${who} is newer`
  return `${what} (npm run down; npm run up -- --convex ${of})`
}

async function endOrphansOf(root: string, onEvent: OnEvent): Promise<void> {
  const start = performance.now()
  const ended = await endOrphans(root, ORPHAN_GRACE_MS)
  if (ended.length === 0) return
  const message = `the supervisor was killed; ended what it left: ${ended.join(', ')}`
  onEvent({ type: 'step', id: 'orphans', state: 'started', message: 'Left-overs' })
  onEvent({ type: 'step', id: 'orphans', state: 'done', message, ms: Math.round(performance.now() - start) })
}

/** SIGHUP: try again what has failed. Waits until the supervisor has taken note, so that the old failure is not shown. */
async function retryFailed(root: string, state: EmbeddedState, onEvent: OnEvent): Promise<void> {
  const failed = state.services.filter((service) => service.state === 'failed').map(({ id }) => id)
  await reportStep(
    onEvent,
    'supervisor',
    'Supervisor',
    async () => {
      if (failed.length === 0) return
      process.kill(state.supervisor.pid, 'SIGHUP')
      const isTold = async () => ((await runningState(root))?.retries ?? 0) > state.retries
      await until(isTold, { deadlineMs: RETRY_DEADLINE_MS, intervalMs: 50 })
    },
    () => (failed.length === 0 ? 'was running' : `was running; trying again: ${failed.join(', ')}`),
  )
}
