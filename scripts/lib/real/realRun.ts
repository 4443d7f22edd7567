import type { ClusterDefinition } from '@nebula/stack/cluster/definition'
import type { Journal } from './journal.ts'

/** What both parts of a real run work with. */
export interface RealRun {
  readonly root: string
  readonly definition: ClusterDefinition
  readonly journal: Journal
  /** Takes the images that are there, stand-ins among them, instead of pulling: proves nothing about published ones. */
  readonly rehearsal: boolean
  readonly signal: AbortSignal
  /** What was run on, for the summary. */
  readonly facts: { engines: string[]; images: string[]; differences: string[] }
}
