import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from '../catalogue/schema.ts'
import { SUPERVISOR_LOG } from '../checkout/paths.ts'
import { isGreen, type ServiceStatus } from '../driver/serviceStatus.ts'
import { isHopeless, type StartResult } from '../driver/startResult.ts'
import { NebulaError } from '../errors/nebulaError.ts'
import { runningState } from './state/running.ts'
import type { EmbeddedState } from './state/supervisorState.ts'

export interface FollowOptions {
  readonly root: string
  readonly catalogue: Catalogue
  /** Milliseconds for the whole stack. */
  readonly deadlineMs: number
  /** Called for every service at the start, and whenever its state or reason changes. */
  readonly onChange: (status: ServiceStatus) => void
  readonly signal?: AbortSignal
}

const INTERVAL_MS = 100

/**
 * Watches the services come up, by what the supervisor writes down.
 * @returns when all are green; when nothing can become green any more; or at the deadline of the stack or of a service.
 * @throws NebulaError with its last words when the supervisor ends.
 */
export async function followSupervisor(options: FollowOptions): Promise<StartResult> {
  const start = Date.now()
  const shown = new Map<string, string>()
  for (;;) {
    options.signal?.throwIfAborted()
    const state = await runningState(options.root)
    if (!state) throw await supervisorEnded(options.root)
    const services = statusesOf(state)
    for (const status of services) {
      const key = `${status.state} ${status.reason ?? ''}`
      if (shown.get(status.id) !== key) options.onChange(status)
      shown.set(status.id, key)
    }
    if (services.every(isGreen)) return { outcome: 'green', services }
    if (isHopeless(options.catalogue, services)) return { outcome: 'failed', services }
    const isLate = Date.now() - start > options.deadlineMs
    if (isLate || services.some((status) => isOverdue(options.catalogue, status, start))) {
      return { outcome: 'timed-out', services }
    }
    await sleep(INTERVAL_MS, undefined, options.signal ? { signal: options.signal } : {})
  }
}

/** What a state says of the services, in the catalogue's order. */
export function statusesOf(state: EmbeddedState): readonly ServiceStatus[] {
  return state.services.map(({ process: _, ...status }) => status as ServiceStatus)
}

/** @param start when the following began, ms since 1970: one that was healthy for long gets its time anew. */
function isOverdue(catalogue: Catalogue, status: ServiceStatus, start: number): boolean {
  const deadlineMs = catalogue.services.find(({ id }) => id === status.id)?.ready?.deadlineMs
  if (status.state !== 'starting' || deadlineMs === undefined || status.since === undefined) return false
  return Date.now() - Math.max(start, Date.parse(status.since)) > deadlineMs
}

/** An error with the end of what the supervisor said. */
export async function supervisorEnded(root: string): Promise<NebulaError> {
  const said = await readFile(path.join(root, SUPERVISOR_LOG), 'utf8').catch(() => '')
  const tail = said.trim().split('\n').slice(-5).join('\n')
  return new NebulaError(`the supervisor ended. The end of ${SUPERVISOR_LOG}:\n${tail}`, {
    code: 'SUPERVISOR_ENDED',
    hint: 'npm run up',
  })
}
