/** Marks a service that something else answers for. */
export function StandIn() {
  return <span className="rounded bg-warn-soft px-1 text-xs text-warn">stand-in</span>
}
