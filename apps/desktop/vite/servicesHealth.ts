import { personUrl } from '@nebula/stack/catalogue/endpoints'
import type { Catalogue, Service } from '@nebula/stack/catalogue/schema'
import { type Finding, probe } from '@nebula/stack/health/probe'
import { loadSecrets, type Secrets } from '@nebula/stack/secrets'
import type { ServiceHealth } from '../src/stack/services.ts'

/** However many pages ask, a service is looked at this often at most. */
const FRESH_MS = 2_000

export interface ServicesHealthOptions {
  /** The checkout: its secrets open PostgreSQL. */
  readonly root: string
  readonly catalogue: Catalogue
  /** Only what runs without a cluster is there. */
  readonly embedded: boolean
  /** This page's own entry; it need not ask itself. */
  readonly except: string
}

/**
 * Looks at every server of the stack with the check that infra/stack.yaml has for it.
 * @returns a function that answers from memory what is younger than FRESH_MS.
 */
export function servicesHealth(options: ServicesHealthOptions): () => Promise<ServiceHealth[]> {
  const servers = options.catalogue.services.filter(
    ({ id, kind, embedded }) => kind === 'server' && id !== options.except && (!options.embedded || embedded),
  )
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<ServiceHealth[]> = Promise.resolve([])
  return async () => {
    if (performance.now() - asked > FRESH_MS) {
      asked = performance.now()
      // Read again each time: they come into being with the first `up`, which may be after this server's start.
      const secrets = loadSecrets(options.root).catch(() => null)
      answer = Promise.all(servers.map((service) => look(service, options.root, secrets)))
    }
    return await answer
  }
}

async function look(service: Service, root: string, secrets: Promise<Secrets | null>): Promise<ServiceHealth> {
  const { ok, detail, standIn } = await check(service, root, await secrets)
  const opened = service.endpoints.find((endpoint) => personUrl(endpoint) !== null)
  return {
    id: service.id,
    title: service.title,
    healthy: ok,
    ...(detail === undefined ? {} : { detail }),
    ...(standIn === undefined ? {} : { standIn }),
    ...(opened ? { page: { port: opened.localPort, path: opened.path ?? '' } } : {}),
  }
}

async function check(service: Service, root: string, secrets: Secrets | null): Promise<Finding> {
  if (!service.ready) return { ok: false, detail: 'it has no check' }
  if (!secrets) return { ok: false, detail: 'the stack has not been started' }
  return await probe(service.ready, { service, secrets, cwd: root })
}
