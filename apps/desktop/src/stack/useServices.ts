import { useEffect, useState } from 'react'
import { type ServiceHealth, ServicesAnswer } from './services.ts'

const PERIOD_MS = 5_000
const TIMEOUT_MS = 8_000

/**
 * How the services are, looked at every few seconds while the page is seen.
 * @returns null when nobody answers; undefined before the first answer.
 */
export function useServices(url: string | null): readonly ServiceHealth[] | null | undefined {
  const [services, setServices] = useState<readonly ServiceHealth[] | null>()
  useEffect(() => {
    if (url === null) return
    const stopped = new AbortController()
    const look = async () => {
      if (document.hidden) return
      const answer = await ask(url, stopped.signal)
      if (!stopped.signal.aborted) setServices(answer)
    }
    void look()
    const timer = setInterval(() => void look(), PERIOD_MS)
    const seen = () => void look()
    document.addEventListener('visibilitychange', seen)
    return () => {
      stopped.abort()
      clearInterval(timer)
      document.removeEventListener('visibilitychange', seen)
    }
  }, [url])
  return services
}

async function ask(url: string, signal: AbortSignal): Promise<readonly ServiceHealth[] | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
    return ServicesAnswer.parse(await response.json()).services
  } catch {
    return null
  }
}
