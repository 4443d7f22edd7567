import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { forwardedPorts } from '@nebula/stack/codespaces/browserUrls'
import { ADMIN_KEY_PLACEHOLDER } from '@nebula/stack/codespaces/dashboardPage'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { type Checkout, copyCheckout, repository } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

const hasTilt = (await run('.', ['tilt', 'version']).catch(() => null))?.exitCode === 0
let checkout: Checkout
// Not where the tests are skipped: then nothing would remove it.
beforeAll(() => {
  checkout = copyCheckout()
})
afterAll(() => checkout.remove())

const CONTEXT = 'k3d-nebula'
/** As Tilt counts: changes are not followed, and nothing starts by itself (model.TriggerModeManual). */
const TRIGGER_MODE_MANUAL = 2
const SECRETS = {
  postgresPassword: 'not-a-password',
  convexInstanceName: 'nebula',
  convexInstanceSecret: 'not-an-instance-secret',
  convexAdminKey: 'not-an-admin-key',
  serviceKey: 'not-a-service-key',
  serviceJwks: 'not-a-key-set',
}

/** The part of Tilt's answer that is looked at. */
interface TiltManifest {
  readonly Name: string
  readonly TriggerMode: number
  readonly ResourceDependencies: readonly string[]
  readonly DeployTarget: {
    readonly ServeCmd?: { readonly Argv: readonly string[]; readonly Dir: string }
    readonly ReadinessProbe?: {
      readonly httpGet: { readonly path: string; readonly port: number; readonly host: string }
    }
    readonly portForwardTemplateSpec?: { readonly forwards: readonly { localPort: number; host: string }[] }
    readonly Links?: readonly { readonly URL: unknown; readonly Name: string }[] | null
    readonly yaml?: string
  }
}

const stack = parse(readFileSync(path.join(repository, 'infra/stack.yaml'), 'utf8'))

/** Evaluates it with secrets, and outside or inside of a codespace. */
async function manifestsOf(forwarded: Readonly<Record<string, string>> | null) {
  const state = path.join(checkout.root, '.nebula')
  mkdirSync(state, { recursive: true })
  writeFileSync(path.join(state, 'secrets.json'), JSON.stringify(SECRETS))
  if (forwarded) writeFileSync(path.join(state, 'forwarded.json'), JSON.stringify(forwarded))
  else rmSync(path.join(state, 'forwarded.json'), { force: true })
  const result = await evaluate()
  expect(result.exitCode, result.output).toBe(0)
  const manifests: readonly TiltManifest[] = JSON.parse(result.stdout).Manifests
  return new Map(manifests.map((manifest) => [manifest.Name, manifest]))
}

/** The settings that the services get. */
function settingsOf(manifests: ReadonlyMap<string, TiltManifest>): unknown {
  const documents = parseAllDocuments(manifests.get('namespace')?.DeployTarget.yaml ?? '')
  return documents.map((document) => document.toJS()).find(({ kind }) => kind === 'ConfigMap')?.data
}

const portsOf = (manifest: TiltManifest | undefined) =>
  manifest?.DeployTarget.portForwardTemplateSpec?.forwards.map((forward) => forward.localPort) ?? []

/** Evaluates the Tiltfile, as Tilt itself does, against a cluster that does not have to be there. */
async function evaluate(context = CONTEXT) {
  const kubeconfig = path.join(checkout.root, 'kubeconfig')
  const cluster = { server: 'https://127.0.0.1:1' }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: context, cluster }],
    users: [{ name: context, user: {} }],
    contexts: [{ name: context, context: { cluster: context, user: context } }],
    'current-context': context,
  }
  writeFileSync(kubeconfig, JSON.stringify(config))
  const argv = ['tilt', 'alpha', 'tiltfile-result', '--file', 'infra/Tiltfile']
  return await run(checkout.root, argv, { env: { KUBECONFIG: kubeconfig } })
}

test.runIf(hasTilt)('without secrets it says what makes them', async () => {
  const result = await evaluate()
  expect(result.exitCode).not.toBe(0)
  expect(result.output).toContain('npm run up')
})

test.runIf(hasTilt)(
  'the page is served on this machine, by the command of embedded mode, and checked on its port',
  async () => {
    const desktop = (await manifestsOf(null)).get('desktop')?.DeployTarget
    const { endpoints, embedded, ready } = stack.services.find((service: { id: string }) => service.id === 'desktop')
    expect(desktop?.ServeCmd).toMatchObject({ Argv: embedded.argv, Dir: path.join(checkout.root, embedded.cwd) })
    expect(desktop?.ReadinessProbe?.httpGet).toEqual({
      path: ready.path,
      port: endpoints[0].localPort,
      host: '127.0.0.1',
    })
  },
)

test.runIf(hasTilt)('the native window is there, and does not start by itself', async () => {
  const native = (await manifestsOf(null)).get('desktop-native')
  expect(native?.ResourceDependencies).toEqual(['desktop'])
  expect(native?.TriggerMode).toBe(TRIGGER_MODE_MANUAL)
})

test.runIf(hasTilt)('it makes a resource of every service, with its needs and ports', async () => {
  const manifests = await manifestsOf(null)
  for (const service of stack.services) {
    const manifest = manifests.get(service.id)
    expect(manifest, service.id).toBeDefined()
    const needs = (service.needs ?? [])
      .filter((need: { until: string }) => need.until !== 'started')
      .map((need: { id: string }) => need.id)
    expect(manifest?.ResourceDependencies).toEqual(expect.arrayContaining(needs))
    const ports = (service.endpoints ?? [])
      .filter((endpoint: { containerPort?: number }) => endpoint.containerPort !== undefined)
      .map((endpoint: { localPort: number; forwardPort?: number }) => endpoint.forwardPort ?? endpoint.localPort)
    expect(portsOf(manifest)).toEqual(ports)
    for (const forward of manifest?.DeployTarget.portForwardTemplateSpec?.forwards ?? [])
      expect(forward.host).toBe('127.0.0.1')
  }
  expect(settingsOf(manifests)).toMatchObject({
    'convex-dashboard-api-url': 'http://127.0.0.1:3210',
    'temporal-ui-origins': 'http://localhost:8080,http://127.0.0.1:8080',
  })
})

test.runIf(hasTilt)(
  'in a codespace, services know the URLs that the browser uses, and Tilt links to them',
  async () => {
    const catalogue = await loadCatalogue(path.join(checkout.root, 'infra/stack.yaml'))
    const codespace = { name: 'fluffy-waffle', domain: 'app.github.dev' }
    const manifests = await manifestsOf(forwardedPorts(catalogue, codespace))
    expect(settingsOf(manifests)).toMatchObject({
      // What Convex itself calls, from inside its pod too, stays.
      'convex-api-url': 'http://127.0.0.1:3210',
      'convex-dashboard-api-url': 'https://fluffy-waffle-6791.app.github.dev',
      'temporal-ui-origins': expect.stringMatching(/,https:\/\/fluffy-waffle-8080\.app\.github\.dev$/),
    })
    expect(manifests.get('temporal-ui')?.DeployTarget.Links).toMatchObject([
      { URL: { Scheme: 'https', Host: 'fluffy-waffle-8080.app.github.dev' } },
    ])
    expect(manifests.get('convex-dashboard-proxy')?.DeployTarget.ServeCmd?.Argv.slice(-2)).toEqual([
      '--forwarded',
      'https://fluffy-waffle-6791.app.github.dev',
    ])
  },
)

test.runIf(hasTilt)(
  "the dashboard's port belongs to a proxy, which is told where the dashboard went; the key stays with it",
  async () => {
    const manifests = await manifestsOf(null)
    const [behind] = portsOf(manifests.get('convex-dashboard'))
    expect(behind).not.toBe(6791)
    expect(manifests.get('convex-dashboard-proxy')?.DeployTarget.ServeCmd).toMatchObject({
      Argv: [
        path.join(checkout.root, 'node_modules/.bin/node'),
        'scripts/dashboard-proxy.ts',
        '--dashboard',
        String(behind),
      ],
      Dir: checkout.root,
    })
    const dashboard = manifests.get('convex-dashboard')?.DeployTarget.yaml
    expect(dashboard).toContain(ADMIN_KEY_PLACEHOLDER)
    expect(dashboard).not.toContain('convexAdminKey')
  },
)

test.runIf(hasTilt)('it knows no secret: whoever reaches the port of Tilt would read it there', async () => {
  const said = JSON.stringify([...(await manifestsOf(null)).values()])
  for (const value of Object.values(SECRETS).filter((each) => each.startsWith('not-a')))
    expect(said).not.toContain(value)
})

test.runIf(hasTilt)('it refuses every other cluster', async () => {
  const result = await evaluate('somebody-elses')
  expect(result.exitCode).not.toBe(0)
  expect(result.output).toContain('k3d-nebula')
})
