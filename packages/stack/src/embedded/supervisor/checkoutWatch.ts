import { existsSync } from 'node:fs'
import path from 'node:path'
import { STACK_FILE } from '../../checkout/root.ts'
import type { ProcessIdentity } from '../../system/processes.ts'
import { readState } from '../state/supervisorState.ts'

export interface CheckoutWatchOptions {
  readonly root: string
  /** The supervisor itself. */
  readonly identity: ProcessIdentity
  /** Whether the last state could not be written. */
  readonly isStale: () => boolean
  /** The file in which other commands find it is gone, old or somebody else's: it is to be written again. */
  readonly onStateLost: () => void
  /** The checkout was deleted or moved away: nobody could end what runs any more. Called once. */
  readonly onGone: () => void
}

const INTERVAL_MS = 2_000
/** An editor or git may replace a file: one look that misses it says nothing. */
const MISSES = 2

/** Looks now and then whether the checkout that a supervisor works for is there, and still knows of it. */
export function watchCheckout({ root, identity, isStale, onStateLost, onGone }: CheckoutWatchOptions): {
  close(): void
} {
  let misses = 0
  const look = async () => {
    misses = existsSync(path.join(root, STACK_FILE)) ? 0 : misses + 1
    if (misses === MISSES) return onGone()
    if (misses > 0) return
    const known = (await readState(root))?.supervisor
    const isOurs = known?.pid === identity.pid && known.startTime === identity.startTime
    if (isStale() || !isOurs) onStateLost()
  }
  const timer = setInterval(() => void look(), INTERVAL_MS)
  return { close: () => clearInterval(timer) }
}
