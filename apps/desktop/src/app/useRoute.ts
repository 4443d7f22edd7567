import { useSyncExternalStore } from 'react'

const RUN = /^#\/runs\/([^/]+)$/

/** The address of a run's page. */
export function runHref(runId: string): string {
  return `#/runs/${encodeURIComponent(runId)}`
}

/** The address of the list. */
export const LIST_HREF = '#/'

/** Goes to an address of this page; Back returns from it. */
export function goTo(href: string): void {
  window.location.hash = href
}

/** @returns the id of the run that the address names; null for the list. It follows the address. */
export function useRoute(): string | null {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash)
  const [, runId] = RUN.exec(hash) ?? []
  return runId ? decode(runId) : null
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('hashchange', onChange)
  return () => window.removeEventListener('hashchange', onChange)
}

/** Whatever somebody typed into the address bar is at worst an id that nothing has. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
