import { expect, test } from 'vitest'
import { applySecrets } from '../../src/cluster/applySecrets.ts'
import type { ClusterDefinition } from '../../src/cluster/definition.ts'
import type { Secrets } from '../../src/secrets/secrets.ts'
import { fakeTools } from './fakeTools.ts'

// Of the definition, nothing but these two is asked.
const definition = { context: 'k3d-nebula', namespace: 'nebula' } as ClusterDefinition
const secrets: Secrets = {
  postgresPassword: 'the-password-of-postgres',
  convexInstanceName: 'nebula',
  convexInstanceSecret: 'the-secret-of-the-instance',
  convexAdminKey: 'the-key-of-the-admin',
  serviceKey: 'the-key-of-the-worker',
  serviceJwks: 'the-public-keys',
}
const { convexInstanceName: _, ...values } = secrets
const MADE = '2026-11-28T10:00:00Z'
const EARLIER = '2026-11-28T09:59:00Z'
const LATER = '2026-11-28T10:00:00Z'

/** The cluster's Secret, as kubectl shows it. */
function secretOf(content: Readonly<Record<string, string>>): string {
  const data = Object.entries(content).map(([name, value]) => [name, Buffer.from(value).toString('base64')])
  return JSON.stringify({ metadata: { creationTimestamp: MADE }, data: Object.fromEntries(data) })
}

const deployment = (name: string, secret: string | null, type?: string) => ({
  kind: 'Deployment',
  metadata: { name, creationTimestamp: EARLIER },
  spec: {
    ...(type ? { strategy: { type } } : {}),
    selector: { matchLabels: { app: name } },
    template: { spec: { env: secret === null ? [] : [{ valueFrom: { secretKeyRef: { name: secret } } }] } },
  },
})
const pod = (app: string, creationTimestamp: string, more = {}) => ({
  kind: 'Pod',
  metadata: { name: `${app}-1`, creationTimestamp, labels: { app }, ...more },
  spec: {},
})

function cluster(secret: string, items: readonly unknown[]) {
  const tools = fakeTools([
    { when: /get secret /, stdout: secret },
    { when: /get configmap /, stdout: 'nebula' },
    { when: /get deployments,pods /, stdout: JSON.stringify({ items }) },
  ])
  const changes = () => tools.calls().filter((call) => !call.includes(' get '))
  return { changes: () => changes().map((call) => call.replace('kubectl --context k3d-nebula -n nebula ', '')) }
}

const apply = () => applySecrets(definition, secrets, 'namespace.yaml')
const WORKLOADS = [
  deployment('data', 'nebula-secrets', 'Recreate'),
  deployment('worker', 'nebula-secrets', 'RollingUpdate'),
  deployment('page', null),
  deployment('other', 'nebula-secrets-of-others'),
]

test('what is there already is left alone', async () => {
  const { changes } = cluster(secretOf(values), [...WORKLOADS, pod('data', LATER), pod('worker', LATER)])
  expect(await apply()).toEqual([])
  expect(changes()).toEqual([])
})

test('another one is made anew, and what runs on the one before starts anew; no secret is an argument', async () => {
  const old = WORKLOADS.map(({ metadata: { name } }) => pod(name, EARLIER))
  const { changes } = cluster(secretOf({ ...values, serviceKey: 'another' }), [...WORKLOADS, ...old])
  expect(await apply()).toEqual(['data', 'worker'])
  expect(changes()).toEqual([
    'delete secret nebula-secrets --ignore-not-found',
    'create -f -',
    'rollout restart deployment/data deployment/worker',
    // The worker's old pod serves until the new one is ready.
    'wait --for=delete pod/data-1 --timeout=60s',
  ])
  for (const value of Object.values(values)) expect(changes().join('\n')).not.toContain(value)
})

test('ended before it had started anything anew, it does so the next time', async () => {
  const { changes } = cluster(secretOf(values), [...WORKLOADS, pod('data', LATER), pod('worker', EARLIER)])
  expect(await apply()).toEqual(['worker'])
  expect(changes()).toEqual(['rollout restart deployment/worker'])
})

test('a pod that is about to end is no reason to start another one anew', async () => {
  const { changes } = cluster(secretOf(values), [...WORKLOADS, pod('data', EARLIER, { deletionTimestamp: LATER })])
  expect(await apply()).toEqual([])
  expect(changes()).toEqual([])
})

test('a key that is missing, or one too many, is a change', async () => {
  const { serviceKey: __, ...fewer } = values
  for (const content of [fewer, { ...values, more: 'x' }]) {
    const { changes } = cluster(secretOf(content), [])
    expect(await apply()).toEqual([])
    expect(changes()).toContain('create -f -')
  }
})
