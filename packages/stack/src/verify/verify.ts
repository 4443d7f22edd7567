import type { Catalogue, Service } from '../catalogue/schema.ts'
import { probe } from '../health/probe.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { type Check, runCheck } from './check.ts'

export interface VerifyOptions {
  readonly catalogue: Catalogue
  readonly secrets: Secrets
  /** What the application shows of itself once every server answers, in order; one that fails ends it. */
  readonly proof: readonly ProofStep[]
  readonly onCheck: (check: Check) => void
}

/** One thing that an application shows of itself. */
export interface ProofStep {
  readonly name: string
  /** The id of the service whose logs tell more, when it failed. */
  readonly service: string
  /** @returns what to say of it. @throws why it failed */
  readonly run: () => Promise<string>
}

/**
 * Proves from outside that the stack works: every server's own check, then what the application proves of itself.
 * @returns the checks, in order; the application's are not tried when a server is down.
 */
export async function verify({
  catalogue,
  secrets,
  proof,
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
  const isUp = probed.map(add).every(Boolean)
  for (const { name, service, run } of isUp ? proof : []) {
    if (!add(await runCheck(name, service, run))) break
  }
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
