import { type ServiceHealth, ServicesAnswer } from './services.ts'
import type { AskedService, ServicesSource } from './settings.ts'

const TIMEOUT_MS = 8_000
const STAND_IN_HEADER = 'Nebula-Stand-In'

/**
 * Asks how the services are.
 * @returns null when the dev server does not answer, or something else answers in its place.
 */
export async function askServices(
  source: ServicesSource,
  signal: AbortSignal,
): Promise<readonly ServiceHealth[] | null> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  if (source.kind === 'services') return await Promise.all(source.asked.map((service) => ask(service, either)))
  try {
    const response = await fetch(source.url, { signal: either })
    return ServicesAnswer.parse(await response.json()).services
  } catch {
    return null
  }
}

async function ask({ id, title, url }: AskedService, signal: AbortSignal): Promise<ServiceHealth> {
  try {
    const response = await fetch(url, { signal })
    const standIn = response.headers.get(STAND_IN_HEADER)
    return {
      id,
      title,
      healthy: response.ok,
      ...(response.ok ? {} : { detail: `it answered ${response.status}` }),
      ...(standIn === null ? {} : { standIn }),
    }
  } catch {
    return { id, title, healthy: false, detail: 'it does not answer' }
  }
}
