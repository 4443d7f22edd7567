/** A process of a server, from its start to an end that nobody asked for. */
export interface Life {
  /** Milliseconds. */
  readonly lastedMs: number
  /** Whether its check passed, if only once; null when it has none. Never so for one that could not be started. */
  readonly wasHealthy: boolean | null
}

/** What to do after a crash. */
export type Decision =
  | {
      readonly kind: 'restart'
      /** Milliseconds to wait before. */
      readonly pauseMs: number
    }
  | {
      readonly kind: 'give up'
      /** How many starts in a row were in vain. */
      readonly starts: number
    }

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 30_000
/** A process that lived this long was not started in vain. */
const LONG_LIFE_MS = 10_000
/** As many starts in a row that never got healthy are no accident: somebody has to mend something. */
const VAIN_STARTS = 3

/**
 * Whether a server that has crashed is started again, and when.
 * @param history its lives since somebody changed something, the first one first.
 * @param last the one that has just ended.
 */
export function afterCrashDecision(history: readonly Life[], last: Life): Decision {
  const lives = [...history, last]
  const starts = countFromEnd(lives, ({ wasHealthy }) => wasHealthy === false)
  if (starts >= VAIN_STARTS) return { kind: 'give up', starts }
  const shortLives = countFromEnd(lives, ({ lastedMs }) => lastedMs < LONG_LIFE_MS)
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.max(0, shortLives - 1), LONGEST_PAUSE_MS)
  return { kind: 'restart', pauseMs }
}

/** How many at the end of a list are so, without one between them that is not. */
function countFromEnd<T>(items: readonly T[], isSo: (item: T) => boolean): number {
  return items.length - 1 - items.findLastIndex((item) => !isSo(item))
}
