/**
 * What a service is doing. `waiting`: for another one. `building`: its image, or its code. `starting`: it runs and its
 * check says no. `healthy` (a server) and `completed` (a job) are green. `unknown`: nobody is there to ask.
 */
export const SERVICE_STATES = [
  'waiting',
  'building',
  'starting',
  'healthy',
  'completed',
  'failed',
  'stopped',
  'unknown',
] as const
export type ServiceState = (typeof SERVICE_STATES)[number]

/** One service as `up` and `status` show it, the same in every mode. */
export interface ServiceStatus {
  readonly id: string
  readonly state: ServiceState
  /** Why it is in this state, for a person: "for Temporal", "ErrImagePull: …". */
  readonly reason?: string
  /** A command that shows more of the reason, or where to mend it. */
  readonly hint?: string
  /** Name and version of the stand-in that answers in its place. */
  readonly standIn?: string
  /** The native program that runs, and where it came from: "1.9.1 from PATH (/usr/bin/temporal)". */
  readonly program?: string
  /** When it was deployed or started, ISO 8601. */
  readonly since?: string
  readonly restarts?: number
}

/**
 * Why a service has failed of which an earlier version goes on.
 * @param since when that version was deployed, ISO 8601; undefined when there is none.
 * @param why why the newer one failed.
 */
export function newerFailed(since: string | undefined, why: string): string {
  if (since === undefined) return why
  const time = new Date(since)
  const isToday = time.toDateString() === new Date().toDateString()
  const clock = time.toTimeString().slice(0, 5)
  return `runs the version of ${isToday ? clock : `${since.slice(0, 10)}, ${clock}`}; the newer one failed: ${why}`
}

/** Whether a service is where it should be: a server healthy, a job done. */
export function isGreen(status: ServiceStatus): boolean {
  return status.state === 'healthy' || status.state === 'completed'
}
