/**
 * The first version in a text: `v0.37.6, built 2026-07-28` has 0.37.6.
 * @returns null when there is none.
 */
export function findVersion(text: string): string | null {
  return /\bv*(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1] ?? null
}

/** Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer. Parts left out count as 0. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (let part = 0; part < Math.max(left.length, right.length); part += 1) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
