import { type ConvexInstance, verifyAdminKey } from '@nebula/stack/secrets/adminKey'
import type { UserIdentity } from 'convex/server'
import type { JSONValue } from 'convex/values'
import type { JWTPayload } from 'jose'
import { z } from 'zod'
import { type AuthProvider, TokenError, verifyToken } from './providers.ts'

/** Who a user is to a function: what `ctx.auth.getUserIdentity()` gives. */
export type Identity = UserIdentity

/** Who calls. An admin may call internal functions, and may act as a user. */
export interface Caller {
  readonly admin: boolean
  readonly identity: Identity | null
  /** When the identity ends, milliseconds since 1970. */
  readonly expires: number | null
}

export const NOBODY: Caller = { admin: false, identity: null, expires: null }

/** A key that is not one of this instance. */
export class AdminKeyError extends Error {
  override readonly name = 'AdminKeyError'
}

const ActingAs = z
  .object({ tokenIdentifier: z.string(), issuer: z.string(), subject: z.string() })
  .catchall(z.custom<JSONValue>())

/** Standard claims and what Convex calls them; other claims keep their names. */
const ATTRIBUTES = new Map(
  Object.entries({
    sub: 'subject',
    iss: 'issuer',
    name: 'name',
    given_name: 'givenName',
    family_name: 'familyName',
    nickname: 'nickname',
    preferred_username: 'preferredUsername',
    profile: 'profileUrl',
    picture: 'pictureUrl',
    email: 'email',
    email_verified: 'emailVerified',
    gender: 'gender',
    birthdate: 'birthday',
    zoneinfo: 'timezone',
    locale: 'language',
    phone_number: 'phoneNumber',
    phone_number_verified: 'phoneNumberVerified',
    address: 'address',
    updated_at: 'updatedAt',
  }),
)
const NOT_ATTRIBUTES = new Set(['aud', 'exp', 'iat', 'nbf', 'jti'])

/** @throws TokenError when the token does not verify. */
export async function userCaller(token: string, providers: readonly AuthProvider[]): Promise<Caller> {
  const claims = await verifyToken(token, providers)
  return { admin: false, identity: identityOf(claims), expires: (claims.exp ?? 0) * 1000 }
}

/** @throws AdminKeyError when this is no key of the instance. */
export function adminCaller(key: string, instance: ConvexInstance, actingAs?: unknown): Caller {
  if (!verifyAdminKey(key, instance)) {
    throw new AdminKeyError('The provided admin key was invalid for this instance')
  }
  if (actingAs === undefined || actingAs === null) return { admin: true, identity: null, expires: null }
  const parsed = ActingAs.safeParse(actingAs)
  if (!parsed.success) throw new AdminKeyError('The identity to act as needs tokenIdentifier, issuer and subject')
  return { admin: true, identity: parsed.data, expires: null }
}

/**
 * Reads an `Authorization` header: `Bearer <jwt>`, `Convex <key>`, or `Convex <key>:<base64 of an identity>`.
 * @throws TokenError, AdminKeyError
 */
export async function callerOf(
  header: string | undefined,
  instance: ConvexInstance,
  providers: readonly AuthProvider[],
): Promise<Caller> {
  if (header === undefined) return NOBODY
  const [, scheme = '', value = ''] = /^(\S+) ?(.*)$/.exec(header) ?? []
  if (scheme === 'Bearer') return await userCaller(value, providers)
  if (scheme !== 'Convex') throw new TokenError('The Authorization header must be "Bearer <token>" or "Convex <key>"')
  const [key = '', identity] = value.split(':')
  return adminCaller(key, instance, identity === undefined ? undefined : parseIdentity(identity))
}

function parseIdentity(base64: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64, 'base64').toString())
  } catch {
    throw new AdminKeyError('The identity to act as is no base64 of JSON')
  }
}

function identityOf(claims: JWTPayload): Identity {
  const { sub = '', iss = '' } = claims
  const attributes = Object.entries(claims)
    .filter(([claim]) => !NOT_ATTRIBUTES.has(claim))
    .map(([claim, value]) => [ATTRIBUTES.get(claim) ?? claim, value])
  return { ...Object.fromEntries(attributes), tokenIdentifier: `${iss}|${sub}`, subject: sub, issuer: iss }
}
