import { z } from 'zod'

/** What `GET /health` of a worker says: 200 when ok, 503 otherwise. */
export const Health = z.object({ status: z.enum(['ok', 'starting', 'stopping']) })
export type Health = z.infer<typeof Health>

/** Who signs the tokens that the worker shows to Convex. The name can never be resolved: the keys come with the deployment. */
export const SERVICE_ISSUER = 'https://nebula.invalid/service'

/** Whom they are for. */
export const SERVICE_AUDIENCE = 'nebula-service'
