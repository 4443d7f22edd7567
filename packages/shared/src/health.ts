import { z } from 'zod'

/** What `GET /health` of a worker says: 200 when ok, 503 otherwise. */
export const Health = z.object({ status: z.enum(['ok', 'starting', 'stopping']) })
export type Health = z.infer<typeof Health>
