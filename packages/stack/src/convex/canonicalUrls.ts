import { ExitCode } from '../errors/exitCodes.ts'
import { NebulaError } from '../errors/nebulaError.ts'

/** The URLs of a deployment as a browser has them; they stand in the URLs of stored files and in CONVEX_CLOUD_URL. */
export interface CanonicalUrls {
  readonly convexCloud: string
  readonly convexSite: string
}

const TIMEOUT_MS = 10_000

/**
 * Tells a Convex backend under which URLs browsers reach it. What it calls itself (Node.js actions do) stays
 * CONVEX_CLOUD_ORIGIN, which must work from inside of its pod.
 * @param url where this process reaches the backend.
 * @throws NebulaError when it does not take them.
 */
export async function setCanonicalUrls(url: string, adminKey: string, urls: CanonicalUrls): Promise<void> {
  for (const [requestDestination, canonical] of Object.entries(urls)) {
    const response = await fetch(`${url}/api/v1/update_canonical_url`, {
      method: 'POST',
      headers: { authorization: `Convex ${adminKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ requestDestination, url: canonical }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.ok) continue
    throw new NebulaError(
      `Convex does not take ${canonical} as its own URL: ${response.status} ${(await response.text()).slice(0, 200)}`,
      { code: 'CONVEX_URL_REFUSED', hint: 'npm run logs -- convex-backend', exitCode: ExitCode.ServiceFailed },
    )
  }
}
