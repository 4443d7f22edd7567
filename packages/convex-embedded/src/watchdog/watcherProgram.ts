/** The program of the thread that watches; `scripts/build.ts` puts it into the bundle, which has no file beside it. */
export const WATCHER = new URL('watcher.ts', import.meta.url)
