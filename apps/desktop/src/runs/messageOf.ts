import { ConvexError } from 'convex/values'
import { z } from 'zod'

const Reason = z.object({ message: z.string() })

/** Why a call failed, for a person: what the function said, or what went wrong on the way to it. */
export function messageOf(error: unknown): string {
  if (error instanceof ConvexError) {
    const reason = Reason.safeParse(error.data)
    if (reason.success) return reason.data.message
  }
  return error instanceof Error ? error.message : String(error)
}
