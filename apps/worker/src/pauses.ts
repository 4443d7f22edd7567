/**
 * Milliseconds to wait before each further try: twice as long every time, up to the longest. Never ends.
 * @param options `firstMs`: the first one.
 */
export function* growingPauses({
  firstMs,
  longestMs,
}: {
  firstMs: number
  longestMs: number
}): Generator<number, never> {
  for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 2, longestMs)) yield pauseMs
}
