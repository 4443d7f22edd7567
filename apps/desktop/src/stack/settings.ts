import { stackUrl } from './stackUrl.ts'

/** Where the dev server answers for the stack, so that one forwarded port is enough. */
export const CONVEX_PREFIX = '/_stack/convex'
export const SERVICES_PATH = '/_stack/services'

/** Temporal's namespace that the stack makes. */
const TEMPORAL_NAMESPACE = 'default'

/** What the build knows of the stack: ports of infra/stack.yaml. */
export interface StackPorts {
  readonly desktop: number
  readonly temporalUi: number
}

/** What of `import.meta.env` the page reads. */
export interface PageEnvironment {
  readonly VITE_CONVEX_URL?: string
  readonly VITE_TEMPORAL_UI_URL?: string
}

export interface Settings {
  readonly convexUrl: string
  /** Where the health of the services is asked for; null for a page that no dev server serves. */
  readonly servicesUrl: string | null
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
  ports: StackPorts,
  location: { readonly origin: string; readonly hostname: string },
): Settings {
  const pageUrl = (port: number, path: string) => stackUrl(port, ports.desktop, location.hostname) + path
  const temporalUi = env.VITE_TEMPORAL_UI_URL?.replace(/\/$/, '') ?? pageUrl(ports.temporalUi, '')
  return {
    convexUrl: env.VITE_CONVEX_URL?.replace(/\/$/, '') ?? location.origin + CONVEX_PREFIX,
    servicesUrl: env.VITE_CONVEX_URL ? null : location.origin + SERVICES_PATH,
    pageUrl,
    workflowUrl(workflowId, temporalRunId) {
      const workflow = `${temporalUi}/namespaces/${TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`
      return temporalRunId ? `${workflow}/${encodeURIComponent(temporalRunId)}/history` : workflow
    },
  }
}
