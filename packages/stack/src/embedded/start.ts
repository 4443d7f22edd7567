import type { Service } from '../catalogue/schema.ts'
import { type OnEvent, reportStep } from '../driver/events.ts'
import type { UpOptions } from '../driver/stackDriver.ts'
import { ensureSecrets } from '../secrets/secrets.ts'
import type { EmbeddedContext } from './context.ts'
import { type LeftData, leftData } from './leftData.ts'
import type { ConvexChoice } from './programs/convexBackend.ts'
import { findPrograms } from './programs/programs.ts'
import type { Abandoned, SupervisorLink } from './supervisorLink.ts'

/** A stack that is to be started. */
export interface StartOptions extends EmbeddedContext {
  readonly convex: ConvexChoice
}

/**
 * Starts a stack of which no supervisor runs: ends what a killed one left, makes secrets, finds programs, starts the
 * supervisor. Services then start by themselves.
 * @throws NebulaError when a program cannot be had, or the supervisor does not start.
 */
export async function startStack(
  { root, whole, catalogue, link, convex }: StartOptions,
  left: Abandoned | { readonly kind: 'nothing' },
  { onEvent, signal }: UpOptions,
): Promise<void> {
  if (left.kind === 'abandoned') await endOrphans(link, left, onEvent)
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
    () => link.start(programs),
    () => 'started',
  )
}

async function endOrphans(link: SupervisorLink, left: Abandoned, onEvent: OnEvent): Promise<void> {
  const start = performance.now()
  const ended = await link.endAbandoned(left)
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
