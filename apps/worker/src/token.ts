import { SERVICE_AUDIENCE, SERVICE_ISSUER } from '@nebula/shared'
import { importJWK, SignJWT } from 'jose'
import type { ServiceKey } from './config.ts'

/** Seconds that a token is good for. */
const LIFETIME_S = 300
/** Seconds before its end from which on a new one is made. */
const RENEW_BEFORE_S = 60

/** Returns a token that is good for a while; with `fresh` always a new one. */
export type TokenSource = (options?: { readonly fresh?: boolean }) => Promise<string>

/**
 * Makes the tokens by which Convex knows this worker: signed here, short-lived, one at a time.
 * @returns a function that returns a token with at least a minute left.
 */
export function tokenSource(key: ServiceKey, identity: string): TokenSource {
  const signingKey = importJWK(key, 'ES256')
  let current = { token: '', expiresAt: 0 }
  return async (options) => {
    const now = Math.floor(Date.now() / 1000)
    if (!options?.fresh && now < current.expiresAt - RENEW_BEFORE_S) return current.token
    const expiresAt = now + LIFETIME_S
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: key.kid })
      .setIssuer(SERVICE_ISSUER)
      .setAudience(SERVICE_AUDIENCE)
      .setSubject(identity)
      .setIssuedAt(now)
      .setExpirationTime(expiresAt)
      .sign(await signingKey)
    current = { token, expiresAt }
    return token
  }
}
