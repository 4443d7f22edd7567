import { formatFull, formatTime } from './format.ts'

/** A moment, short; in full for whoever points at it and for machines. */
export function Time({ at }: { readonly at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={formatFull(at)}>
      {formatTime(at, Date.now())}
    </time>
  )
}
