import type { Service } from '../catalogue/schema.ts'
import { newerFailed, type ServiceStatus } from '../driver/serviceStatus.ts'
import type { ProbeResult } from '../health/probe.ts'
import { firstLine } from '../system/text.ts'
import type { TiltResource } from './tiltResource.ts'
import type { PodTrouble } from './trouble.ts'

/**
 * What a service is doing, from what Tilt says of its resource, Kubernetes of its pods and, for a server, its own check
 * from outside.
 * @param resource null when Tilt runs and does not know the service.
 * @param probe null when there was nothing to check.
 * @param trouble null when nothing is wrong with its pods.
 * @param updateReason why its last build or deploy failed, with the place, if its log says so.
 */
export function serviceStatus(
  service: Service,
  resource: TiltResource | null,
  probe: ProbeResult | null,
  trouble: PodTrouble | null,
  updateReason: string | null = null,
): ServiceStatus {
  if (!resource) return { id: service.id, state: 'unknown', reason: 'Tilt does not know it' }
  const common = {
    id: service.id,
    ...(resource.deployedAt ? { since: resource.deployedAt } : {}),
    ...(resource.restarts > 0 ? { restarts: resource.restarts } : {}),
    ...(probe?.standIn ? { standIn: probe.standIn } : {}),
  }
  switch (resource.updateStatus) {
    case 'in_progress':
      return { ...common, state: 'building' }
    case 'error':
      return { ...common, state: 'failed', reason: updateFailure(resource, updateReason) }
    case 'pending':
      return { ...common, state: 'waiting', ...waitReason(service, resource) }
  }
  // Tilt may still hope, or know less: what Kubernetes says goes before.
  if (trouble) {
    const state = trouble.retrying ? 'starting' : 'failed'
    return { ...common, state, reason: trouble.summary, hint: trouble.hint }
  }
  if (resource.runtimeStatus === 'error') return { ...common, state: 'failed', reason: podReason(resource) }
  if (service.kind === 'job') {
    const done = resource.runtimeStatus === 'ok' || resource.runtimeStatus === 'not_applicable'
    return { ...common, state: done && resource.updateStatus === 'ok' ? 'completed' : 'starting' }
  }
  if (resource.runtimeStatus === 'ok' && probe?.ok) return { ...common, state: 'healthy' }
  const reason = resource.runtimeStatus === 'ok' ? probe?.detail : resource.podStatus
  return { ...common, state: 'starting', ...(reason ? { reason } : {}) }
}

/** What was deployed before goes on: a job's work is done, a server's pod serves. */
function updateFailure({ buildError, deployedAt, runtimeStatus }: TiltResource, reason: string | null): string {
  const goesOn = runtimeStatus === 'ok' || runtimeStatus === 'not_applicable'
  return newerFailed(goesOn ? deployedAt : undefined, reason ?? firstLine(buildError ?? 'its build failed'))
}

/** Tilt also names what is its own affair, such as other builds that run now. */
function waitReason(service: Service, resource: TiltResource): { reason?: string } {
  const needs = service.needs.map((need) => need.id).filter((id) => resource.waitsFor.includes(id))
  return needs.length > 0 ? { reason: `for ${needs.join(', ')}` } : {}
}

function podReason(resource: TiltResource): string {
  return [resource.podStatus ?? 'its pod failed', resource.podMessage]
    .filter(Boolean)
    .map((part) => firstLine(part ?? ''))
    .join(': ')
}
