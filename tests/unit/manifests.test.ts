import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { loadCatalogue } from '@nebula/stack/catalogue/load'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { repository } from '../lib/checkout.ts'
import { FakeTools } from '../lib/fakeTools.ts'
import { run } from '../lib/nebula.ts'

const Probe = z.looseObject({ periodSeconds: z.number(), initialDelaySeconds: z.number().optional() })
const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.int() })).default([]),
  resources: z.object({ requests: z.record(z.string(), z.string()), limits: z.record(z.string(), z.string()) }),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  startupProbe: Probe.optional(),
  readinessProbe: Probe.optional(),
  livenessProbe: Probe.optional(),
})
const PodSpec = z.looseObject({
  automountServiceAccountToken: z.literal(false),
  enableServiceLinks: z.literal(false),
  securityContext: z.looseObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().positive(),
    seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
  }),
  initContainers: z.array(Container).default([]),
  containers: z.array(Container),
})
const Workload = z.object({
  kind: z.enum(['Deployment', 'Job']),
  metadata: z.looseObject({ name: z.string(), namespace: z.literal('nebula') }),
  spec: z.looseObject({
    strategy: z.object({ type: z.string() }).optional(),
    template: z.looseObject({ metadata: z.object({ labels: z.object({ app: z.string() }) }), spec: PodSpec }),
  }),
})
const Selector = z.strictObject({ matchLabels: z.strictObject({ app: z.string() }) })
/** Strict: what a policy says in a way that is not looked at here could let anybody in. */
const NetworkPolicy = z.object({
  metadata: z.strictObject({ name: z.string(), namespace: z.literal('nebula') }),
  spec: z.strictObject({
    podSelector: z.union([Selector, z.strictObject({ matchLabels: z.undefined().optional() })]),
    policyTypes: z.tuple([z.literal('Ingress')]),
    ingress: z
      .array(
        z.strictObject({
          from: z.array(z.strictObject({ podSelector: Selector })).min(1),
          ports: z.array(z.strictObject({ port: z.string() })).min(1),
        }),
      )
      .optional(),
  }),
})

const documents = globSync('infra/**/*.k8s.yaml', { cwd: repository }).flatMap((file) =>
  parseAllDocuments(readFileSync(path.join(repository, file), 'utf8')).map((document) => document.toJS()),
)
const workloads = documents
  .filter((document) => ['Deployment', 'Job'].includes(document.kind))
  .map((document) => Workload.parse(document))
const servers = workloads
  .filter(({ kind }) => kind === 'Deployment')
  .map((workload) => [workload.metadata.name, workload] as const)
const names = workloads.map((workload) => workload.metadata.name)

describe.each(workloads.map((workload) => [workload.metadata.name, workload] as const))('%s', (name, workload) => {
  const { containers, initContainers } = workload.spec.template.spec

  test('images are pinned, or built here', () => {
    for (const { image } of [...containers, ...initContainers]) {
      if (image === name) continue
      expect(image).toMatch(/:[\w.-]+$/)
      expect(image).not.toMatch(/:latest$/)
    }
  })

  test('every container says what it takes', () => {
    for (const { resources } of [...containers, ...initContainers]) {
      expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'memory'])
      expect(resources.limits).toHaveProperty('memory')
    }
  })

  test('what holds data is replaced, never doubled', () => {
    const volumes = z
      .array(z.looseObject({ persistentVolumeClaim: z.object({}).optional() }))
      .default([])
      .parse(workload.spec.template.spec.volumes)
    if (volumes.some((volume) => volume.persistentVolumeClaim))
      expect(workload.spec.strategy).toEqual({ type: 'Recreate' })
  })
})

test.each(servers)('%s is probed every second from its first on', (_, workload) => {
  for (const { startupProbe, readinessProbe, livenessProbe } of workload.spec.template.spec.containers) {
    expect(startupProbe).toMatchObject({ periodSeconds: 1 })
    expect(readinessProbe).toMatchObject({ periodSeconds: 1 })
    expect(livenessProbe).toBeDefined()
    for (const probe of [startupProbe, readinessProbe, livenessProbe])
      expect(probe?.initialDelaySeconds).toBeUndefined()
  }
})

describe('infra/stack.yaml and the manifests', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))

  test.each(names)('%s opens the ports that the catalogue says', (name) => {
    const declared = catalogue.services.find((service) => service.id === name)?.endpoints ?? []
    const opened = workloads.find((workload) => workload.metadata.name === name)?.spec.template.spec.containers[0]
      ?.ports
    expect(opened).toEqual(declared.map((endpoint) => ({ name: endpoint.name, containerPort: endpoint.containerPort })))
  })

  test("to Temporal's HTTP API, which no port leads to, they give the same name, which nobody can own", () => {
    const config = documents.find(({ metadata }) => metadata.name === 'temporal-dynamic-config')
    const [{ value: hosts }] = parse(config.data['docker.yaml'])['frontend.httpAllowedHosts']
    expect(hosts).toEqual([expect.stringMatching(/^[a-z-]+\.invalid$/)])
    const argv = catalogue.services.find(({ id }) => id === 'temporal')?.embedded?.argv ?? []
    expect(argv).toContain(`--dynamic-config-value=frontend.httpAllowedHosts=${JSON.stringify(hosts)}`)
    expect(argv.filter((argument) => argument.startsWith('--http-port'))).toEqual([])
  })

  test('every service has a folder, and every folder a service', () => {
    const folders = globSync('infra/services/*/Tiltfile', { cwd: repository }).map((file) => file.split('/')[2])
    expect(folders.sort()).toEqual(catalogue.services.map((service) => service.id).sort())
  })

  test('a server is stopped within the time that its pod has', () => {
    for (const workload of workloads.filter(({ kind }) => kind === 'Deployment')) {
      const graceS = z.int().parse(workload.spec.template.spec.terminationGracePeriodSeconds)
      const service = catalogue.services.find(({ id }) => id === workload.metadata.name)
      expect(service?.stop.graceMs, workload.metadata.name).toBeLessThanOrEqual(graceS * 1000)
    }
  })

  describe('and ctlptl.yaml', () => {
    let cluster: ReturnType<typeof parseAllDocuments>
    beforeAll(() => {
      cluster = parseAllDocuments(readFileSync(path.join(repository, catalogue.cluster.definition), 'utf8'))
    })

    test('name the same cluster and the same registry port', () => {
      const registry = catalogue.platform.find((entry) => entry.id === 'registry')?.endpoints[0]
      expect(cluster[0]?.toJS()).toMatchObject({
        kind: 'Registry',
        port: registry?.localPort,
        listenAddress: '127.0.0.1',
      })
      expect(cluster[1]?.toJS()).toMatchObject({ kind: 'Cluster', name: catalogue.cluster.name })
    })

    test('have no empty list: ctlptl would recreate the cluster at every apply', () => {
      expect(emptyLists(cluster.map((document) => document.toJS()))).toEqual([])
    })
  })
})

function emptyLists(value: unknown, at = ''): readonly string[] {
  if (value === null || typeof value !== 'object') return []
  if (Array.isArray(value) && value.length === 0) return [at]
  return Object.entries(value).flatMap(([key, item]) => emptyLists(item, `${at}/${key}`))
}

describe('who may talk to whom', async () => {
  const catalogue = await loadCatalogue(path.join(repository, 'infra/stack.yaml'))
  const policies = documents
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map((document) => NetworkPolicy.parse(document))

  /** What runs on this machine is no pod: what it needs is needed by whatever waits for it. */
  function neededPods(id: string): readonly string[] {
    const needs = catalogue.services.find((service) => service.id === id)?.needs ?? []
    return needs.flatMap((need) => (names.includes(need.id) ? [need.id] : neededPods(need.id)))
  }

  test('nobody, unless a policy says so', () => {
    const { spec } = policies.find(({ metadata }) => metadata.name === 'deny-by-default') ?? {}
    expect(spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'] })
  })

  test.each(names)('%s is reached by those that need it, and by nobody else', (name) => {
    const rules = policies.filter(({ spec }) => spec.podSelector.matchLabels?.app === name)
    const allowed = rules.flatMap(({ spec }) => spec.ingress ?? []).flatMap(({ from }) => from)
    const needing = names.filter((other) => neededPods(other).includes(name))
    expect(allowed.map(({ podSelector }) => podSelector.matchLabels.app).sort()).toEqual(needing.sort())
  })

  test.each(names)('%s is reached at ports that it opens', (name) => {
    const declared = catalogue.services.find((service) => service.id === name)?.endpoints ?? []
    const rules = policies.filter(({ spec }) => spec.podSelector.matchLabels?.app === name)
    for (const { port } of rules.flatMap(({ spec }) => spec.ingress ?? []).flatMap(({ ports }) => ports))
      expect(declared.map((endpoint) => endpoint.name)).toContain(port)
  })

  test('its name is the label that policies go by', () => {
    for (const { metadata, spec } of workloads) expect(spec.template.metadata.labels.app).toBe(metadata.name)
  })
})

describe('the job that makes the namespace', () => {
  const command = workloads.find(({ metadata }) => metadata.name === 'temporal-namespace')?.spec.template.spec
    .containers[0]?.command
  const [shell = '', ...args] = z.array(z.string()).parse(command)
  const start = (tools: FakeTools) =>
    run(tools.folder, [shell, ...args], { env: { PATH: tools.path, TEMPORAL_ADDRESS: 'temporal:7233' } })
  const refused = { stderr: 'connect: connection refused', exitCode: 1 }

  test('waits for a Temporal that does not answer yet', async () => {
    const tools = new FakeTools(
      ['temporal'],
      [
        { when: /describe/, ...refused },
        { when: /create/, time: 1, ...refused },
      ],
    )
    expect(await start(tools)).toMatchObject({ exitCode: 0 })
    expect(tools.lines('temporal operator namespace ').map((line) => line.split(' ')[0])).toEqual([
      'describe',
      'create',
      'describe',
      'create',
    ])
  })

  test('changes nothing where the namespace exists', async () => {
    const tools = new FakeTools(['temporal'], [])
    expect(await start(tools)).toMatchObject({ exitCode: 0 })
    expect(tools.calls()).toHaveLength(1)
  })

  test('gives up with what Temporal said', async () => {
    const tools = new FakeTools(['temporal', 'sleep'], [{ when: /^temporal/, ...refused }])
    const { exitCode, stdout, stderr } = await start(tools)
    expect(exitCode).toBe(1)
    expect(stderr).toContain('connection refused')
    expect(stdout).toContain('Temporal at temporal:7233 did not make the namespace')
  })
})
