/** Where the dev server answers for the stack, so that one forwarded port is enough. */
export const CONVEX_PREFIX = '/_stack/convex'
export const SERVICES_PATH = '/_stack/services'

/** Temporal's namespace that the stack makes. */
const TEMPORAL_NAMESPACE = 'default'

/** What the build knows of the stack, from infra/stack.yaml. */
export interface StackFacts {
  /** The port that the page is served on. */
  readonly port: number
  readonly temporalUiPort: number
  readonly convex: { readonly id: string; readonly title: string }
  readonly worker: { readonly id: string; readonly title: string; readonly healthUrl: string }
}

/** Who is asked how the services are: the dev server about all of them, or some of them themselves. */
export type ServicesSource =
  | { readonly kind: 'devServer'; readonly url: string }
  | { readonly kind: 'services'; readonly asked: readonly AskedService[] }

export interface AskedService {
  readonly id: string
  readonly title: string
  /** Answers 200 when it is healthy. */
  readonly url: string
}

/** What of `import.meta.env` the page reads. */
export interface PageEnvironment {
  readonly VITE_CONVEX_URL?: string
  readonly VITE_TEMPORAL_UI_URL?: string
}

export interface Settings {
  readonly convexUrl: string
  readonly services: ServicesSource
  /** @returns the URL that a person opens for a page of the stack on this port. */
  pageUrl(port: number, path: string): string
  /** @returns the page of Temporal's UI about a workflow. */
  workflowUrl(workflowId: string, temporalRunId: string | undefined): string
}

/**
 * Where everything is. By default the page talks to the origin that it came from: that is right on localhost, behind a
 * forwarded port, and in a native window on the dev server. `VITE_CONVEX_URL` names a deployment instead, for a page
 * that is served from its own files.
 */
export function readSettings(
  env: PageEnvironment,
  stack: StackFacts,
  location: { readonly origin: string; readonly hostname: string },
): Settings {
  const pageUrl = (port: number, path: string) => stackUrl(port, stack.port, location.hostname) + path
  const temporalUi = env.VITE_TEMPORAL_UI_URL?.replace(/\/$/, '') ?? pageUrl(stack.temporalUiPort, '')
  const ownConvex = env.VITE_CONVEX_URL?.replace(/\/$/, '')
  return {
    convexUrl: ownConvex ?? location.origin + CONVEX_PREFIX,
    services: ownConvex
      ? {
          kind: 'services',
          asked: [
            { ...stack.convex, url: `${ownConvex}/version` },
            { id: stack.worker.id, title: stack.worker.title, url: stack.worker.healthUrl },
          ],
        }
      : { kind: 'devServer', url: location.origin + SERVICES_PATH },
    pageUrl,
    workflowUrl(workflowId, temporalRunId) {
      const workflow = `${temporalUi}/namespaces/${TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`
      return temporalRunId ? `${workflow}/${encodeURIComponent(temporalRunId)}/history` : workflow
    },
  }
}

/**
 * Where a person reaches another port of the stack, seen from this page.
 * A forwarded page has its port in its host name (`fuzzy-lamp-1420.app.github.dev`); the other ports are its siblings.
 * @param ownPort the port that this page is served on.
 * @returns an origin without a slash at the end.
 */
function stackUrl(port: number, ownPort: number, hostname: string): string {
  const [, name, forwardedPort, domain] = /^(.+)-(\d+)(\.[^.]+\..+)$/.exec(hostname) ?? []
  if (Number(forwardedPort) === ownPort) return `https://${name}-${port}${domain}`
  return `http://localhost:${port}`
}
