/**
 * Where a person reaches another port of the stack, seen from this page.
 * A forwarded page has its port in its host name (`fuzzy-lamp-1420.app.github.dev`); the other ports are its siblings.
 * @param ownPort the port that this page is served on.
 * @returns an origin without a slash at the end.
 */
export function stackUrl(port: number, ownPort: number, hostname: string): string {
  const [, name, forwardedPort, domain] = /^(.+)-(\d+)(\.[^.]+\..+)$/.exec(hostname) ?? []
  if (Number(forwardedPort) === ownPort) return `https://${name}-${port}${domain}`
  return `http://localhost:${port}`
}
