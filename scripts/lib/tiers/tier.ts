import type { Totals } from './totals.ts'

export const TIERS = ['unit', 'embedded', 'cluster', 'devcontainer'] as const

/** A kind of test, told apart by what the machine must have to run it. Also the name of its vitest project. */
export type TierName = (typeof TIERS)[number]

export type TierResult =
  | { readonly tier: TierName; readonly outcome: 'ran'; readonly totals: Totals; readonly ms: number }
  /** `demanded`: it had to run, so that it did not counts as a failure. */
  | { readonly tier: TierName; readonly outcome: 'skipped'; readonly reason: string; readonly demanded: boolean }

/** The totals of a result: a demanded tier that did not run is one failure. */
export function totalsOf(result: TierResult): Totals {
  if (result.outcome === 'ran') return result.totals
  return { passed: 0, failed: result.demanded ? 1 : 0, skipped: 0 }
}
