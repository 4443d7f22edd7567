import { chooseMode } from '@nebula/stack/chooseMode'
import { allImages } from '@nebula/stack/cluster/images'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { attempt } from '@nebula/stack/system/attempt'
import pc from 'picocolors'
import { type CheckoutCopy, copyCheckout } from '../checkoutCopy.ts'
import { CLUSTER_FIX, existingCluster } from '../existingCluster.ts'
import { ask } from '../programs.ts'
import { shapeReports } from '../shapeReport.ts'
import { collectCluster, type Look } from './evidence.ts'
import { lifecycle, type TypeCommand } from './lifecycle.ts'
import { runProgram } from './program.ts'
import { takePublishedImages } from './publishedImages.ts'
import type { RealRun } from './realRun.ts'

const DOCKER = ['docker']
const LOOK_DEADLINE_MS = 60_000
const CLEAN_UP_DEADLINE_MS = 300_000

/**
 * The stack in cluster mode on this machine's Docker, from nothing, in a copy of the checkout; leaves nothing but images.
 * @throws NebulaError when something of the user's is in the way, or a step fails.
 */
export async function clusterPart(run: RealRun): Promise<void> {
  const { journal, root, definition, signal } = run
  journal.begin('cluster')
  await journal.step('nothing in the way', async () => await nothingInTheWay(run))
  const images = await allImages(root, definition)
  await takePublishedImages(run, DOCKER, images)
  await journal.step('shapes', async () => await describeShapes(run, images))
  const copy = copyCheckout(root, 'nebula-real-', 'nebula')
  const type: TypeCommand = async (title, command, args, deadlineMs) => {
    const argv = ['npm', 'run', '--silent', command, '--', ...args]
    return await journal.program(title, argv, { cwd: copy.root, signal, deadlineMs })
  }
  let isGone = false
  try {
    await lifecycle(run, type, false)
    isGone = true
  } catch (error) {
    const look: Look = async (argv) => (await runProgram(argv, { cwd: copy.root, deadlineMs: LOOK_DEADLINE_MS })).output
    if (!signal.aborted) await attempt(collectCluster(journal, copy.root, look, definition))
    throw error
  } finally {
    await cleanUp(run, copy, isGone)
  }
}

/** Said, and no failure: the stack that follows shows whether a difference matters. */
async function describeShapes({ root, facts }: RealRun, images: readonly string[]): Promise<string> {
  const reports = await shapeReports(root, images)
  const different = reports.filter(({ differences }) => differences?.length)
  for (const { reference, differences } of different) {
    process.stdout.write(`    ${reference}\n`)
    for (const difference of differences ?? []) process.stdout.write(`      ${difference}\n`)
    facts.differences.push(...(differences ?? []).map((difference) => `- \`${reference}\`: ${difference}`))
  }
  return different.length === 0 ? 'all as infra/images.yaml says' : `${different.length} differ from infra/images.yaml`
}

async function nothingInTheWay({ definition }: RealRun): Promise<string> {
  const { mode, reason } = await chooseMode('auto')
  if (mode !== 'cluster') throw inTheWay(`cluster mode cannot run here: ${reason}`, 'npm run doctor')
  const cluster = await existingCluster()
  if (cluster !== null) throw inTheWay(cluster, CLUSTER_FIX)
  // It outlives a reset, and what it has would be taken in place of what is published.
  const registry = await ask`docker container inspect ${definition.registryName}`
  if (registry.ok) {
    const how = `docker rm --force --volumes ${definition.registryName}`
    throw inTheWay(
      `the registry ${definition.registryName} exists: its images would be used instead of the published ones`,
      how,
    )
  }
  return ''
}

function inTheWay(message: string, hint: string): NebulaError {
  return new NebulaError(message, { code: 'IN_THE_WAY', hint, exitCode: ExitCode.Precondition })
}

/**
 * Deletes what the run has made, however far it came. What cannot be deleted is said, and then the copy stays too.
 * @param isGone whether the stack is deleted already.
 */
async function cleanUp({ definition, journal }: RealRun, copy: CheckoutCopy, isGone: boolean): Promise<void> {
  process.stderr.write(pc.dim('· cluster: cleaning up …\n'))
  await journal.redactor.learn(copy.root)
  const commands = isGone
    ? []
    : [
        ['reset', '--', '--mode', 'cluster', '--yes', '--no-up'],
        ['down', '--', '--mode', 'cluster'],
      ]
  const failures: string[] = []
  for (const command of commands) {
    const options = { cwd: copy.root, deadlineMs: CLEAN_UP_DEADLINE_MS }
    const result = await attempt(runProgram(['npm', 'run', '--silent', ...command], options))
    if (result instanceof Error) failures.push(result.message)
    else if (result.exitCode !== 0) failures.push(result.output.trimEnd())
  }
  if (failures.length === 0) {
    await ask`docker rm --force --volumes ${definition.registryName}`
    return copy.remove()
  }
  const said = journal.redactor.redact([...new Set(failures)].join('\n'))
  process.stderr.write(`${pc.yellow('!')} the clean-up failed: ${said}\n`)
  process.stderr.write(
    `${pc.cyan('→')} cd '${copy.root}' && npm run reset -- --mode cluster --yes --no-up && npm run down -- --mode cluster\n`,
  )
}
