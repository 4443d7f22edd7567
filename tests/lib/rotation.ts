import { RunsClient } from '@nebula/convex/runsClient'
import { workflowOf } from '@nebula/convex/runWorkflow'
import { SECRET_NAMES } from '@nebula/stack/secrets/secretNames'
import type { Secrets } from '@nebula/stack/secrets/secrets'
import { expect } from 'vitest'
import { survives } from './applicationTests.ts'
import { openedBy } from './keys.ts'
import { SecretTraces, secretsOf } from './secretTraces.ts'

export interface RotationTarget {
  /** The checkout whose stack is up. */
  readonly root: string
  readonly convexUrl: string
  readonly temporal: string
  /** Types the command that gives it new secrets, and returns all it said. */
  readonly rotate: () => Promise<string>
}

/**
 * Gives a stack new secrets in the middle of a run, and expects that the run ends, once, that a run from before is there,
 * that the old secrets open nothing, and that neither they nor the new ones were said.
 */
export async function rotatesInTheMiddle(target: RotationTarget): Promise<{ before: Secrets; now: Secrets }> {
  const { root, convexUrl, temporal, rotate } = target
  const app = new RunsClient(convexUrl)
  const before = secretsOf(root)
  const runId = await app.start({ title: 'kept', steps: [{ label: 'one', durationMs: 10, failures: 0 }] })
  await app.untilFinal(runId)
  expect(await openedBy(convexUrl, before)).toEqual({ adminKey: true, serviceKey: true })

  let said = ''
  await survives({ app, temporal }, async () => {
    said = await rotate()
  })

  const now = secretsOf(root)
  expect(SECRET_NAMES.filter((name) => now[name] === before[name])).toEqual(['convexInstanceName'])
  expect(await openedBy(convexUrl, before)).toEqual({ adminKey: false, serviceKey: false })
  expect(await openedBy(convexUrl, now)).toEqual({ adminKey: true, serviceKey: true })
  expect(await app.get(runId)).toMatchObject({ title: 'kept', status: 'completed' })
  expect(await workflowOf(temporal, runId)).toEqual({ status: 'COMPLETED', executions: 1 })
  await app.close()
  for (const secrets of [before, now]) expect(new SecretTraces(root, secrets).in('output', said)).toEqual([])
  // Of the old ones nothing is left.
  expect(await new SecretTraces(root, before).inFiles()).toEqual([])
  return { before, now }
}
