import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { copyCheckout } from '../lib/checkout.ts'
import { run } from '../lib/nebula.ts'

const hasTilt = (await run('.', ['tilt', 'version']).catch(() => null))?.exitCode === 0
const checkout = copyCheckout()
afterAll(() => checkout.remove())

const CONTEXT = 'k3d-nebula'
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
  readonly ResourceDependencies: readonly string[]
  readonly DeployTarget: {
    readonly portForwardTemplateSpec?: { readonly forwards: readonly { localPort: number; host: string }[] }
  }
}

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
  expect(result.output).toContain('just up')
})

test.runIf(hasTilt)('it makes a resource of every service, with its needs and ports', async () => {
  mkdirSync(path.join(checkout.root, '.nebula'), { recursive: true })
  writeFileSync(path.join(checkout.root, '.nebula/secrets.json'), JSON.stringify(SECRETS))
  const result = await evaluate()
  expect(result.exitCode, result.output).toBe(0)
  const stack = parse(readFileSync(path.join(checkout.root, 'infra/stack.yaml'), 'utf8'))
  const manifests: TiltManifest[] = JSON.parse(result.stdout).Manifests
  for (const service of stack.services) {
    const manifest = manifests.find((candidate) => candidate.Name === service.id)
    expect(manifest, service.id).toBeDefined()
    const needs = (service.needs ?? [])
      .filter((need: { until: string }) => need.until !== 'started')
      .map((need: { id: string }) => need.id)
    expect(manifest?.ResourceDependencies).toEqual(expect.arrayContaining(needs))
    const forwards = manifest?.DeployTarget.portForwardTemplateSpec?.forwards ?? []
    const ports = (service.endpoints ?? []).map((endpoint: { localPort: number }) => endpoint.localPort)
    expect(forwards.map((forward) => forward.localPort)).toEqual(ports)
    for (const forward of forwards) expect(forward.host).toBe('127.0.0.1')
  }
})

test.runIf(hasTilt)('it refuses every other cluster', async () => {
  const result = await evaluate('somebody-elses')
  expect(result.exitCode).not.toBe(0)
  expect(result.output).toContain('k3d-nebula')
})
