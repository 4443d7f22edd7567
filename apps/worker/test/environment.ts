import { exportJWK, generateKeyPair } from 'jose'

/** A new service key as the worker gets it: a private JSON Web Key as JSON. */
async function serviceKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  return JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'key-1' })
}

/** What a worker needs at least. */
export async function environment(): Promise<Record<string, string>> {
  return {
    TEMPORAL_ADDRESS: 'temporal:7233',
    CONVEX_URL: 'http://convex-backend:3210',
    NEBULA_SERVICE_KEY: await serviceKey(),
  }
}
