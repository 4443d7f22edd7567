import { z } from 'zod'

/** How many tests did what. */
export const Totals = z.object({
  passed: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  skipped: z.int().nonnegative(),
})

export type Totals = Readonly<z.infer<typeof Totals>>

export function addTotals(all: readonly Totals[]): Totals {
  const sum = (key: keyof Totals) => all.reduce((total, totals) => total + totals[key], 0)
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') }
}

/** `12 passed, 0 failed`, and `, 1 skipped` only when there is one. CI reads the last line of `npm test`. */
export function formatTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
