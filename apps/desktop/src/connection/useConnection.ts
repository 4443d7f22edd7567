import { useConvexConnectionState } from 'convex/react'
import { useEffect, useState } from 'react'

/** A socket that is back within this time was never missed. */
const PATIENCE_MS = 800

export interface Connection {
  readonly state: 'connecting' | 'live' | 'reconnecting'
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
  if (!hasEverConnected) return { state: isMissing ? 'reconnecting' : 'connecting', unsent: inflightMutations }
  return { state: isMissing ? 'reconnecting' : 'live', unsent: inflightMutations }
}
