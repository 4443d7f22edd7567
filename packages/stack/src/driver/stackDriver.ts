import type { Catalogue } from '../catalogue/schema.ts'
import type { Codespace } from '../codespaces/codespace.ts'
import type { PreflightResult } from '../preflight/run.ts'
import type { Mode, OnEvent } from './events.ts'
import type { StartResult } from './followServices.ts'
import type { ServiceStatus } from './serviceStatus.ts'

export interface UpOptions {
  readonly onEvent: OnEvent
  /** Milliseconds for the services to become green. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Starts with empty data where the data that this checkout had is gone. */
  readonly acceptDataLoss?: boolean | undefined
}

export interface StackStatus {
  /** What carries the stack, in words: "k3d-nebula is stopped". */
  readonly platform: string
  readonly services: readonly ServiceStatus[]
}

export interface LogOptions {
  /** Ids of services; all when empty. */
  readonly services: readonly string[]
  /** How many lines from the end. */
  readonly tail: number
  /** Goes on until the signal aborts, or the stack ends. */
  readonly follow: boolean
  readonly signal: AbortSignal
  /** Gets every line, with the name of its service in front. */
  readonly onLine: (line: string) => void
}

/** What commands can do with a stack, whichever way it runs. */
export interface StackDriver {
  readonly mode: Mode
  /** The part of infra/stack.yaml that runs in this mode. */
  readonly catalogue: Catalogue
  /** Where a browser finds the ports; null when that is localhost. */
  readonly codespace: Codespace | null
  /** What `erase` deletes, for the question before it: "the cluster k3d-nebula and all data in it". */
  readonly data: string
  /**
   * Brings the stack up; does again only what is missing.
   * @throws NebulaError when a precondition is not met, or a step before the services fails.
   */
  up(options: UpOptions): Promise<StartResult>
  /** Stops everything; data stays. */
  down(onEvent: OnEvent): Promise<void>
  /** Stops everything and deletes its data. */
  erase(onEvent: OnEvent): Promise<void>
  /** Looks, and changes nothing. */
  status(): Promise<StackStatus>
  /** Everything that this mode needs of the machine. */
  checkMachine(): Promise<readonly PreflightResult[]>
  /** The last lines that a service said; empty when nothing is known of it. */
  lastLines(id: string, count: number): Promise<readonly string[]>
  /** @throws NebulaError when there is nothing that could be shown. */
  logs(options: LogOptions): Promise<void>
}
