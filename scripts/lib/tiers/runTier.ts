import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { $ } from 'zx'
import { AS_ITSELF } from '../programs.ts'
import type { TierName } from './tier.ts'
import { Totals } from './totals.ts'
import { TOTALS_FILE } from './totalsReporter.ts'

export interface RunTierOptions {
  readonly root: string
  /** Further arguments for vitest: filters and flags. */
  readonly args: readonly string[]
  readonly signal: AbortSignal
  /** Further variables for the tests. */
  readonly env?: Readonly<Record<string, string>>
  /** Shows nothing, for a run whose totals alone are wanted. */
  readonly quiet?: boolean
}

/**
 * Runs the tests of a tier in a vitest of its own, which shows them on this terminal, and returns their totals. A vitest
 * that ends badly without naming a failed test counts as one failure.
 * @throws the signal's reason when it aborts, after vitest has ended.
 */
export async function runTier(tier: TierName, options: RunTierOptions): Promise<Totals> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nebula-totals-'))
  try {
    const file = path.join(folder, 'totals.json')
    const exitCode = await vitest(tier, options, file)
    options.signal.throwIfAborted()
    const totals = await readTotals(file)
    return exitCode !== 0 && totals.failed === 0 ? { ...totals, failed: 1 } : totals
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function vitest(
  tier: TierName,
  { root, args, signal, env = {}, quiet = false }: RunTierOptions,
  file: string,
): Promise<number | null> {
  signal.throwIfAborted()
  const program = path.join(root, 'node_modules/vitest/vitest.mjs')
  const reporter = path.join(import.meta.dirname, 'totalsReporter.ts')
  // Vitest leaves a core to its watch mode; on the two of a small CI machine that is half of them.
  const flags = [
    '--passWithNoTests',
    '--maxWorkers',
    '100%',
    '--project',
    tier,
    '--reporter',
    'default',
    '--reporter',
    reporter,
  ]
  const running = $({
    ...AS_ITSELF,
    cwd: root,
    // Vitest colours what goes into a file, too.
    env: { ...process.env, ...env, ...(pc.isColorSupported ? {} : { NO_COLOR: '1' }), [TOTALS_FILE]: file },
    nothrow: true,
    stdio: quiet ? 'ignore' : ['ignore', 'inherit', 'inherit'],
  })`${process.execPath} ${program} run ${flags} ${args}`
  const stop = () => running.child?.kill('SIGINT')
  signal.addEventListener('abort', stop)
  try {
    return (await running).exitCode
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** No file means that vitest did not get as far as running anything. */
async function readTotals(file: string): Promise<Totals> {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? { passed: 0, failed: 1, skipped: 0 } : Totals.parse(JSON.parse(text))
}
