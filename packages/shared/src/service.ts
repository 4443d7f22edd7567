// The tokens with which a service of the stack signs in to Convex: short-lived JWTs, signed with the service key.
// `.invalid` is reserved (RFC 2606): the issuer is a name, nothing is ever fetched from it.

export const SERVICE_ISSUER = 'https://nebula.invalid/service'
export const SERVICE_AUDIENCE = 'nebula-service'
export const SERVICE_ALGORITHM = 'ES256'

/** Milliseconds a service token is valid. */
export const SERVICE_TOKEN_TTL_MS = 5 * 60_000
