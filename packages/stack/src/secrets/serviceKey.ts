import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { z } from 'zod'
import { parseJson } from '../system/text.ts'

const DATA_URI = 'data:text/plain;charset=utf-8;base64,'
const ALGORITHM = 'ES256'
const PublicJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
})
const PrivateJwk = PublicJwk.extend({ d: z.string() })

/** Makes a new private key for service tokens: a JSON Web Key (ES256, with key id) as JSON. */
export async function makeServiceKey(): Promise<string> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  return JSON.stringify({ ...jwk, kid, alg: ALGORITHM, use: 'sig' })
}

/**
 * The public half of a service key as Convex takes it for a `customJwt` provider: a `data:` URI of a JSON Web Key Set.
 * Convex wants `text/plain` in base64 (docs, auth/advanced/custom-jwt; the same form as @convex-dev/better-auth's).
 * @returns null when this is no private ES256 key with a key id.
 */
export function serviceJwksOf(serviceKey: string): string | null {
  const parsed = PrivateJwk.safeParse(parseJson(serviceKey))
  if (!parsed.success) return null
  const { kty, crv, x, y, kid } = parsed.data
  const jwks = { keys: [{ kty, crv, x, y, kid, alg: ALGORITHM, use: 'sig' }] }
  return DATA_URI + Buffer.from(JSON.stringify(jwks)).toString('base64')
}
