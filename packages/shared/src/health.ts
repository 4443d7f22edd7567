import { z } from 'zod'

/** `ok` comes with HTTP 200, the others with 503. */
export const HealthStatus = z.enum(['starting', 'ok', 'stopping'])
export type HealthStatus = z.infer<typeof HealthStatus>

/** The body of `GET /health`. */
export const HealthBody = z.object({ status: HealthStatus })
export type HealthBody = z.infer<typeof HealthBody>
