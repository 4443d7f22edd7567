import { glob } from 'node:fs/promises'
import path from 'node:path'
import { chooseMode, whyNoDocker } from '@nebula/stack/chooseMode'
import { Variable } from '@nebula/stack/embedded/programs/programSearch'
import { findTemporalCli, temporalCliAtHand } from '@nebula/stack/embedded/programs/temporalCli'
import { attempt } from '@nebula/stack/system/attempt'
import { CLUSTER_FIX, existingCluster } from '../existingCluster.ts'
import type { TierName } from './tier.ts'

/** Why a tier cannot run on this machine now, for a person; null when it can. */
export async function unmetNeed(tier: TierName, root: string): Promise<string | null> {
  if (tier === 'unit') return null
  if (!(await hasTests(tier, root))) return 'not part of this version yet'
  if (tier === 'cluster') return (await missingTools()) ?? (await clusterInTheWay())
  if (tier === 'embedded') return await missingProgram()
  if (tier === 'devcontainer') return await whyNoDocker()
  return null
}

/**
 * Variables that tell a tier's tests of programs they can use. Embedded mode looks for its own, as a user's would; the unit
 * tests know PATH alone, and skip what needs a program that is not there.
 */
export async function programsFor(tier: TierName): Promise<Readonly<Record<string, string>>> {
  if (tier !== 'unit') return {}
  const found = await attempt(temporalCliAtHand({ env: process.env, onStep: () => {} }))
  return found instanceof Error || found === null ? {} : { [Variable.TemporalCli]: found.path }
}

async function hasTests(tier: TierName, root: string): Promise<boolean> {
  for await (const _ of glob('**/*.test.ts', { cwd: path.join(root, 'tests', tier) })) return true
  return false
}

/** Found here, or fetched once, so that the tests themselves find it at hand. */
async function missingProgram(): Promise<string | null> {
  const found = await attempt(
    findTemporalCli({ env: process.env, onStep: (step) => void process.stderr.write(`embedded tests: ${step}\n`) }),
  )
  return found instanceof Error ? (found.message.split('\n')[0] ?? found.message) : null
}

async function missingTools(): Promise<string | null> {
  const { mode, reason } = await chooseMode('auto')
  return mode === 'cluster' ? null : reason
}

async function clusterInTheWay(): Promise<string | null> {
  const reason = await existingCluster()
  return reason === null ? null : `${reason}; delete it first: ${CLUSTER_FIX}`
}
