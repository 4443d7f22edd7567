import { endpointAddress, endpointUrl } from '../catalogue/endpoints.ts'
import type { Catalogue, Service } from '../catalogue/schema.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { type Check, runCheck } from './check.ts'
import { checkHistory, runThrough } from './runThrough.ts'

export interface VerifyOptions {
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  readonly onCheck: (check: Check) => void
}

const RUN_DEADLINE_MS = 60_000

/**
 * Proves from outside that the stack works: every server's own check, then one real run through Convex, the worker and
 * Temporal, with a step that fails once.
 * @returns the checks, in order; the run is not tried when a server it needs is down.
 */
export async function verify({
  catalogue,
  secrets,
  onCheck,
}: VerifyOptions): Promise<{ ok: boolean; checks: readonly Check[] }> {
  const checks: Check[] = []
  const add = (check: Check) => {
    checks.push(check)
    onCheck(check)
    return check.ok
  }
  const servers = catalogue.services.filter((service) => service.ready)
  const probed = await Promise.all(servers.map((service) => checkServer(service, secrets)))
  const healthy = probed.map(add).every(Boolean)
  if (healthy) await verifyRun(catalogue, add)
  return { ok: checks.every((check) => check.ok), checks }
}

async function checkServer(service: Service, secrets: Secrets): Promise<Check> {
  return await runCheck(service.title, service.id, async () => {
    if (!service.ready) return undefined
    const result = await probe(service.ready, { service, secrets })
    if (!result.ok) throw new Error(result.detail ?? 'not ready')
    return result.standIn ? `stand-in: ${result.standIn}` : undefined
  })
}

async function verifyRun(catalogue: Catalogue, add: (check: Check) => boolean): Promise<void> {
  const options = {
    convexUrl: endpointUrl(catalogue, 'convex-backend', 'api'),
    temporalAddress: endpointAddress(catalogue, 'temporal', 'grpc'),
    deadlineMs: RUN_DEADLINE_MS,
  }
  let runId: string | undefined
  const ran = await runCheck('A run from start to end', 'nebula-worker', async () => {
    const { final, changes } = await runThrough(options)
    runId = final._id
    return `${final.steps.length} steps, one of them tried twice, ${changes} live updates`
  })
  if (!add(ran) || runId === undefined) return
  const workflowId = runId
  add(
    await runCheck('Its history in Temporal', 'temporal', async () => {
      const events = await checkHistory(options, workflowId)
      return `workflow ${workflowId}, ${events} events`
    }),
  )
}
