import { SERVICE_AUDIENCE, SERVICE_ISSUER } from '@nebula/shared'
import type { AuthConfig } from 'convex/server'

// Set by the deploy. A data: URI, so that checking a token needs no network.
const jwks = process.env.NEBULA_SERVICE_JWKS
if (!jwks) throw new Error('NEBULA_SERVICE_JWKS is not set on this deployment: deploy with `npm run deploy-functions`')

export default {
  providers: [{ type: 'customJwt', issuer: SERVICE_ISSUER, applicationID: SERVICE_AUDIENCE, jwks, algorithm: 'ES256' }],
} satisfies AuthConfig
