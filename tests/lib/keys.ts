import type { Secrets } from '@nebula/stack/secrets/secrets'
import { readConfig } from '../../apps/worker/src/config.ts'
import { tokenSource } from '../../apps/worker/src/token.ts'

/** Which of these secrets open the Convex backend of a stack. */
export async function openedBy(
  convexUrl: string,
  secrets: Secrets,
): Promise<{ adminKey: boolean; serviceKey: boolean }> {
  const admin = await fetch(`${convexUrl}/api/check_admin_key`, {
    headers: { Authorization: `Convex ${secrets.convexAdminKey}` },
  })
  const { serviceKey } = readConfig({
    NEBULA_SERVICE_KEY: secrets.serviceKey,
    TEMPORAL_ADDRESS: 'localhost:1',
    CONVEX_URL: convexUrl,
  })
  const asked = await fetch(`${convexUrl}/api/query`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${await tokenSource(serviceKey, 'a test')()}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ path: 'worker:open', format: 'json', args: {} }),
  })
  const { status } = (await asked.json().catch(() => ({}))) as { status?: string }
  return { adminKey: admin.ok, serviceKey: asked.ok && status === 'success' }
}
