import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import type { Totals } from './totals.ts'

/** Where the totals go. Set by the tier runner. */
export const TOTALS_FILE = 'NEBULA_TEST_TOTALS'

/**
 * A vitest reporter that writes the true totals of a run as JSON. What fails outside of a test (a file that cannot be
 * imported or whose process died, a hook, a promise that nobody awaits) counts as a failure of its own, because no
 * failed test stands for it.
 */
export default class TotalsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env[TOTALS_FILE]
    if (file === undefined) return
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) count(module, totals)
    writeFileSync(file, JSON.stringify(totals satisfies Totals))
  }
}

function count(module: TestModule, totals: { passed: number; failed: number; skipped: number }): void {
  totals.failed += module.errors().length
  for (const suite of module.children.allSuites()) totals.failed += suite.errors().length
  let unfinished = 0
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    if (state === 'pending') unfinished += 1
    else totals[state] += 1
  }
  const ended = module.state() !== 'pending' && module.state() !== 'queued'
  totals.failed += ended ? unfinished : Math.max(1, unfinished)
}
