import { useLayoutEffect, useRef } from 'react'

/** Whoever comes back from a run finds the focus where they left the list, also where it was hidden meanwhile. */
export function useReturnedFocus(selected: string | null, list: React.RefObject<HTMLUListElement | null>): void {
  const last = useRef<string | null>(null)
  useLayoutEffect(() => {
    const from = last.current
    last.current = selected
    if (selected !== null || from === null || document.activeElement !== document.body) return
    list.current?.querySelector<HTMLElement>(`[data-run="${CSS.escape(from)}"]`)?.focus()
  }, [selected, list])
}

/** Arrow keys, Home and End go from run to run. */
export function moveFocus(event: React.KeyboardEvent<HTMLUListElement>): void {
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('a[data-run]')]
  const at = links.findIndex((link) => link.matches(':focus'))
  const to = target(event.key, at, links.length - 1)
  if (at === -1 || to === undefined) return
  event.preventDefault()
  links[Math.min(Math.max(to, 0), links.length - 1)]?.focus()
}

function target(key: string, at: number, last: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return at + 1
    case 'ArrowUp':
      return at - 1
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
