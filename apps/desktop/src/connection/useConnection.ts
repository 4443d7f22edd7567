import { useConvexConnectionState } from 'convex/react'
import { useEffect, useState } from 'react'

/** A socket that is back within this time was never missed. */
const PATIENCE_MS = 1_500

export interface Connection {
  /** `unreachable`: there has been no connection since the page was opened, and it takes longer than it should. */
  readonly state: 'connecting' | 'live' | 'reconnecting' | 'unreachable'
  /** Changes that were asked for here and that the backend has not confirmed; none is lost while the page is open. */
  readonly unsent: number
}

/** Whether what is shown is live. */
export function useConnection(): Connection {
  const { isWebSocketConnected, hasEverConnected, inflightMutations } = useConvexConnectionState()
  const [missed, setMissed] = useState(false)
  useEffect(() => {
    if (isWebSocketConnected) return setMissed(false)
    const timer = setTimeout(() => setMissed(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [isWebSocketConnected])
  const isMissing = !isWebSocketConnected && missed
  const [waiting, missing] = hasEverConnected
    ? (['live', 'reconnecting'] as const)
    : (['connecting', 'unreachable'] as const)
  return { state: isMissing ? missing : waiting, unsent: inflightMutations }
}
