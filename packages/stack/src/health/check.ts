/** What one try found. */
export interface Finding {
  readonly ok: boolean
  /** Why not, in a few words; without secrets. */
  readonly detail?: string
  /** What answers in place of the real thing, `convex-embedded 0.1.0`, when it says that it does. */
  readonly standIn?: string
}

/** One try as a check sees it: where, and when to give up. */
export interface Try {
  readonly host: string
  readonly port: number
  /** Aborts when the time of the try is over, and when the caller aborts. */
  readonly signal: AbortSignal
}
