import { useEffect, useState } from 'react'
import { askServices } from './askServices.ts'
import type { ServiceHealth } from './services.ts'
import type { ServicesSource } from './settings.ts'

const PERIOD_MS = 5_000

/**
 * How the services are, looked at every few seconds while the page is seen.
 * @returns null when nobody answers; undefined before the first answer.
 */
export function useServices(source: ServicesSource): readonly ServiceHealth[] | null | undefined {
  const [services, setServices] = useState<readonly ServiceHealth[] | null>()
  useEffect(() => {
    const stopped = new AbortController()
    const look = async () => {
      if (document.hidden) return
      const answer = await askServices(source, stopped.signal)
      if (!stopped.signal.aborted) setServices(answer)
    }
    const looking = () => void look()
    looking()
    const timer = setInterval(looking, PERIOD_MS)
    document.addEventListener('visibilitychange', looking)
    return () => {
      stopped.abort()
      clearInterval(timer)
      document.removeEventListener('visibilitychange', looking)
    }
  }, [source])
  return services
}
