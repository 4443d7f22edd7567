import { ConvexError } from 'convex/values'

export type ErrorCode = 'INVALID' | 'NOT_FOUND' | 'NOT_ALLOWED' | 'NOT_RETRYABLE'

/** An error that reaches the caller with its reason; any other becomes "Server Error" on a production deployment. */
export function callerError(code: ErrorCode, message: string): ConvexError<{ code: ErrorCode; message: string }> {
  return new ConvexError({ code, message })
}
