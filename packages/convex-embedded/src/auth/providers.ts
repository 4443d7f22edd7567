import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose'
import { z } from 'zod'

/** What `auth.config.ts` exports. */
export const AuthConfig = z.object({
  providers: z.array(
    z.union([
      z.object({
        type: z.literal('customJwt'),
        applicationID: z.string().nullish(),
        issuer: z.string(),
        jwks: z.string(),
        algorithm: z.enum(['RS256', 'ES256']),
      }),
      z.object({ type: z.undefined().optional(), applicationID: z.string(), domain: z.string() }),
    ]),
  ),
})

export type AuthProvider = z.infer<typeof AuthConfig>['providers'][number]

/** A token that nobody vouches for. The message is for the client. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
}

/** What a token says about itself, before anybody has verified it: anything. */
const Claims = z.object({
  iss: z.string().catch(''),
  aud: z.union([z.string().transform((aud) => [aud]), z.array(z.string())]).catch([]),
})

const keySets = new Map<string, Promise<JWTVerifyGetKey>>()
const DATA_URI = /^data:[^,]*?(;base64)?,(.*)$/s
const REQUIRED_CLAIMS = ['sub', 'iss', 'exp']

/**
 * Verifies a token against the deployed providers: signature, issuer, audience, expiry.
 * @throws TokenError when no provider issued it, or it does not verify.
 */
export async function verifyToken(token: string, providers: readonly AuthProvider[]): Promise<JWTPayload> {
  const provider = findProvider(token, providers)
  try {
    const custom = provider.type === 'customJwt'
    const { payload, protectedHeader } = await jwtVerify(token, await keySetOf(provider), {
      issuer: custom ? provider.issuer : [provider.domain, issuerOf(provider.domain)],
      algorithms: custom ? [provider.algorithm] : ['RS256', 'ES256'],
      requiredClaims: REQUIRED_CLAIMS,
      ...(provider.applicationID ? { audience: provider.applicationID } : {}),
    })
    // Convex asks for both, so a token without them must not pass here either.
    if (!protectedHeader.kid || protectedHeader.typ?.toUpperCase() !== 'JWT') {
      throw new TokenError('the header must name a key (kid) and the type (typ: JWT)')
    }
    return payload
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TokenError(`Could not validate token: ${reason}`)
  }
}

function findProvider(token: string, providers: readonly AuthProvider[]): AuthProvider {
  const { iss, aud } = Claims.parse(decode(token))
  const found = providers.find((provider) => {
    const issuer = provider.type === 'customJwt' ? provider.issuer : issuerOf(provider.domain)
    if (issuer !== (provider.type === 'customJwt' ? iss : issuerOf(iss))) return false
    return !provider.applicationID || aud.includes(provider.applicationID)
  })
  if (found) return found
  const known = providers.map((provider) => (provider.type === 'customJwt' ? provider.issuer : provider.domain))
  throw new TokenError(
    `No auth provider found matching the given token (iss ${iss || 'missing'}, aud ${aud.join(', ') || 'missing'}). Providers: ${known.join(', ') || 'none'}`,
  )
}

function decode(token: string): JWTPayload {
  try {
    return decodeJwt(token)
  } catch {
    throw new TokenError('Could not parse as a JWT')
  }
}

/** OIDC configuration may give the issuer as a bare domain: `auth.example.com` -> `https://auth.example.com`. */
function issuerOf(domain: string): string {
  return `${/^https?:\/\//.test(domain) ? '' : 'https://'}${domain}`.replace(/\/$/, '')
}

async function keySetOf(provider: AuthProvider): Promise<JWTVerifyGetKey> {
  const source = provider.type === 'customJwt' ? provider.jwks : `oidc:${issuerOf(provider.domain)}`
  const known = keySets.get(source)
  if (known) return await known
  const made = makeKeySet(provider)
  keySets.set(source, made)
  try {
    return await made
  } catch (error) {
    keySets.delete(source)
    throw error
  }
}

async function makeKeySet(provider: AuthProvider): Promise<JWTVerifyGetKey> {
  if (provider.type !== 'customJwt') {
    const response = await fetch(`${issuerOf(provider.domain)}/.well-known/openid-configuration`)
    const { jwks_uri } = z.object({ jwks_uri: z.string() }).parse(await response.json())
    return createRemoteJWKSet(new URL(jwks_uri))
  }
  const data = DATA_URI.exec(provider.jwks)
  if (!data) return createRemoteJWKSet(new URL(provider.jwks))
  const [, base64, content = ''] = data
  const text = base64 ? Buffer.from(content, 'base64').toString() : decodeURIComponent(content)
  return createLocalJWKSet(z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }).parse(JSON.parse(text)))
}
