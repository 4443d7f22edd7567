import { type RefObject, useEffect, useRef } from 'react'

/** How far below what is seen an element counts as seen. */
const MARGIN = '400px'

/**
 * Calls `act` whenever the element comes near what is seen, while `active`.
 * @returns the ref for the element.
 */
export function useWhenVisible(active: boolean, act: () => void): RefObject<HTMLDivElement | null> {
  const element = useRef<HTMLDivElement>(null)
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  useEffect(() => {
    if (!active || !element.current) return
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && latest.current(),
      {
        // The margin counts for the pane that scrolls, not only for the window.
        root: element.current.closest('.scrolls'),
        rootMargin: MARGIN,
      },
    )
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [active])
  return element
}
