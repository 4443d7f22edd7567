import { formatDuration } from './format.ts'
import { useNow } from './useNow.ts'

interface DurationProps {
  /** Milliseconds since 1970. */
  readonly from: number | undefined
  /** Still going on without. */
  readonly to: number | undefined
}

/** How long something took, or has taken so far. */
export function Duration({ from, to }: DurationProps) {
  const now = useNow(from !== undefined && to === undefined)
  return from === undefined ? '–' : formatDuration((to ?? now) - from)
}
