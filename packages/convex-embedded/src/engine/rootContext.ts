import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs something as if nobody had called it. A commit is announced from inside the function that committed, where
 * convex-test forbids timers, and where whatever starts next would count as a part of that function.
 */
export const inRootContext: <T>(body: () => T) => T = AsyncLocalStorage.snapshot()
