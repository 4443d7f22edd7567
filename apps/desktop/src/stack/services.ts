import { z } from 'zod'

/** A service of the stack as the status bar shows it. */
export const ServiceHealth = z.object({
  id: z.string(),
  title: z.string(),
  /** Whether its own check says yes. */
  healthy: z.boolean(),
  /** Why not, in a few words. */
  detail: z.string().optional(),
  /** What answers in its place: `convex-embedded 0.1.0`. */
  standIn: z.string().optional(),
  /** Its page, when it has one for a person. */
  page: z.object({ port: z.int(), path: z.string() }).optional(),
})
export type ServiceHealth = z.infer<typeof ServiceHealth>

/** What the dev server answers at SERVICES_PATH. */
export const ServicesAnswer = z.object({ services: z.array(ServiceHealth) })
