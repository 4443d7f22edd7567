import path from 'node:path'
import { didYouMean } from '@nebula/stack/errors/didYouMean'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import pc from 'picocolors'
import { command, interruptible, main } from './lib/command.ts'
import { formatMs } from './lib/render/words.ts'
import { programsFor, unmetNeed } from './lib/tiers/needs.ts'
import { runTier } from './lib/tiers/runTier.ts'
import { TIERS, type TierName, type TierResult, totalsOf } from './lib/tiers/tier.ts'
import { addTotals, formatTotals } from './lib/tiers/totals.ts'

const root = path.resolve(import.meta.dirname, '..')

const program = command('test', 'Run the tests of every tier that this machine can run')
  .argument('[vitest...]', 'names of test files, or after a further -- flags of vitest')
  .option('--tier <names>', `only these, separated by commas: ${TIERS.join(', ')}`)
  .option(
    '--require <names>',
    'fail when one of these cannot run (NEBULA_REQUIRE_TIERS)',
    process.env.NEBULA_REQUIRE_TIERS,
  )
  .action((args, options) => interruptible((signal) => test(args, options, signal)))

async function test(
  args: readonly string[],
  options: ReturnType<typeof program.opts>,
  signal: AbortSignal,
): Promise<ExitCode> {
  const demanded = tierNames(options.require ?? '')
  const chosen = options.tier === undefined ? TIERS : [...tierNames(options.tier), ...demanded]
  const tiers = TIERS.filter((name) => chosen.includes(name))
  // Before any test runs: what one tier has to fetch is at hand for the others then.
  const needs = new Map<TierName, string | null>()
  for (const tier of tiers) needs.set(tier, await unmetNeed(tier, root))
  const results: TierResult[] = []
  for (const [tier, reason] of needs) {
    const demand = demanded.includes(tier)
    if (reason !== null) results.push({ tier, outcome: 'skipped', reason, demanded: demand })
    else results.push(await run(tier, demand, args, signal))
  }
  const totals = addTotals(results.map(totalsOf))
  for (const result of results) print(line(result))
  const nothing = totals.passed + totals.failed === 0
  if (nothing) print(`${pc.red('✗')} no test ran`)
  print(formatTotals(totals))
  return totals.failed > 0 || nothing ? ExitCode.Failed : ExitCode.Green
}

async function run(
  tier: TierName,
  demanded: boolean,
  args: readonly string[],
  signal: AbortSignal,
): Promise<TierResult> {
  print(`\n${pc.bold(`${tier} tests`)}`)
  const start = performance.now()
  const totals = await runTier(tier, { root, args, signal, env: await programsFor(tier) })
  const ms = performance.now() - start
  if (totals.passed + totals.failed > 0) return { tier, outcome: 'ran', totals, ms }
  // With a filter it is usual that a tier has nothing to run; without one, its tests are gone.
  return { tier, outcome: 'skipped', reason: 'no test ran', demanded: demanded || args.length === 0 }
}

function line(result: TierResult): string {
  const name = result.tier.padEnd(12)
  if (result.outcome === 'ran') {
    const mark = result.totals.failed > 0 ? pc.red('✗') : pc.green('✓')
    return `${mark} ${name} ${formatTotals(result.totals)} in ${formatMs(result.ms)}`
  }
  if (result.demanded) return `${pc.red('✗')} ${name} had to run and was skipped: ${result.reason}`
  return `${pc.dim('·')} ${name} skipped: ${result.reason}`
}

/** @throws NebulaError when a name is no tier's. */
function tierNames(list: string): readonly TierName[] {
  const names = list.split(/[\s,]+/).filter(Boolean)
  return names.map((name) => {
    const tier = TIERS.find((candidate) => candidate === name)
    if (tier !== undefined) return tier
    const meant = didYouMean(name, TIERS)
    throw new NebulaError(`there is no tier "${name}"`, {
      code: 'UNKNOWN_TIER',
      hint: meant ? `did you mean ${meant}?` : `one of: ${TIERS.join(', ')}`,
      exitCode: ExitCode.Usage,
    })
  })
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

await main(program)
