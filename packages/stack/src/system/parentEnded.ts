import { setTimeout as sleep } from 'node:timers/promises'

const INTERVAL_MS = 200

/**
 * Resolves when the process that started this one is gone: killed, it ended none of its children, and what it started
 * would hold its ports for ever. Keeps no process alive.
 * @throws the signal's reason when it aborts first.
 */
export async function parentEnded(signal?: AbortSignal): Promise<void> {
  const parent = process.ppid
  while (process.ppid === parent) await sleep(INTERVAL_MS, undefined, { ref: false, signal })
}
