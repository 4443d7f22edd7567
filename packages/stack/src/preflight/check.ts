import type { Catalogue } from '../catalogue/schema.ts'

export interface PreflightContext {
  /** The checkout's root, absolute. */
  readonly root: string
  readonly catalogue: Pick<Catalogue, 'platform' | 'services'>
  /** Local ports that this checkout's own stack holds: taken, but not by a stranger. */
  readonly ownPorts: ReadonlySet<number>
}

/** `warn`: it works, perhaps not well or not for long. `fail`: it does not work. */
export type CheckStatus = 'ok' | 'warn' | 'fail'

export interface CheckResult {
  readonly status: CheckStatus
  /** What was found. */
  readonly message: string
  /** What to do about it, a command where there is one. */
  readonly fix?: string
}

/** One thing to look at before the stack starts. It changes nothing and ends by itself. */
export interface Check {
  readonly id: string
  readonly title: string
  readonly run: (context: PreflightContext) => Promise<CheckResult>
}

const MEBIBYTE = 2 ** 20

/** `1.5 GB` for people, from bytes. */
export function showBytes(bytes: number): string {
  const mebibytes = bytes / MEBIBYTE
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MB` : `${(mebibytes / 1024).toFixed(1)} GB`
}

/** What the services take in all, in bytes. */
export function neededBytes(catalogue: PreflightContext['catalogue'], resource: 'memoryMb' | 'diskMb'): number {
  return catalogue.services.reduce((sum, service) => sum + service.resources[resource], 0) * MEBIBYTE
}
