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

/** Whether a service is where it should be: a server healthy, a job done. */
export function isGreen(status: ServiceStatus): boolean {
  return status.state === 'healthy' || status.state === 'completed'
}
