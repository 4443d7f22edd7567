import type { Catalogue, Service } from '@nebula/stack/catalogue/schema'
import { personUrl } from '@nebula/stack/codespaces/browserUrls'
import { embeddedCatalogue } from '@nebula/stack/embedded/state/embeddedStack'
import { readState } from '@nebula/stack/embedded/state/supervisorState'
import type { Finding } from '@nebula/stack/health/check'
import { probe } from '@nebula/stack/health/probe'
import { loadSecrets, type Secrets } from '@nebula/stack/secrets/secrets'
import type { ServiceHealth } from '../src/stack/services.ts'

/** However many pages ask, a service is looked at this often at most. */
const FRESH_MS = 2_000

export interface ServicesHealthOptions {
  /** The checkout: its secrets open PostgreSQL. */
  readonly root: string
  readonly catalogue: Catalogue
  /** This page's own entry; it need not ask itself. */
  readonly except: string
}

/**
 * Looks at every server of the stack with the check that infra/stack.yaml has for it.
 * @returns a function that answers from memory what is younger than FRESH_MS.
 */
export function servicesHealth(options: ServicesHealthOptions): () => Promise<ServiceHealth[]> {
  let asked = Number.NEGATIVE_INFINITY
  let answer: Promise<ServiceHealth[]> = Promise.resolve([])
  return async () => {
    if (performance.now() - asked > FRESH_MS) {
      asked = performance.now()
      answer = lookAtAll(options)
    }
    return await answer
  }
}

/** Secrets and mode are read again each time: `up` may come after this server's start, in another mode than before. */
async function lookAtAll({ root, catalogue, except }: ServicesHealthOptions): Promise<ServiceHealth[]> {
  const secrets = await loadSecrets(root).catch(() => null)
  const isEmbedded = (await readState(root)) !== null
  const { services } = isEmbedded ? embeddedCatalogue(catalogue) : catalogue
  const servers = services.filter(({ id, kind }) => kind === 'server' && id !== except)
  return await Promise.all(servers.map((service) => look(service, root, secrets)))
}

async function look(service: Service, root: string, secrets: Secrets | null): Promise<ServiceHealth> {
  const { ok, detail, standIn } = await check(service, root, secrets)
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
