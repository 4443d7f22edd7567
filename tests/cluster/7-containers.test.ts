import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { probe } from '@nebula/stack/health/probe'
import { ensureSecrets, type Secrets } from '@nebula/stack/secrets/secrets'
import { until } from '@nebula/stack/system/until'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { freePorts } from '../lib/freePorts.ts'
import { type PodWorkload, readManifests } from '../lib/manifests.ts'
import { run } from '../lib/nebula.ts'
import { PodInDocker } from '../lib/podInDocker.ts'
import { builtImage, root } from './setup.ts'

const Port = z.union([z.int(), z.string()])
const StartupProbe = z.looseObject({
  httpGet: z.looseObject({ path: z.string(), port: Port }).optional(),
  exec: z.looseObject({ command: z.array(z.string()) }).optional(),
  grpc: z.looseObject({ port: z.int(), service: z.string() }).optional(),
})
/** Each finds those before it on the network. */
const ORDER = [
  'postgres',
  'temporal',
  'temporal-namespace',
  'temporal-ui',
  'convex-backend',
  'convex-dashboard',
  'nebula-worker',
]
const DEADLINE_MS = 90_000

const { workloads, configMaps } = readManifests(root)
const network = `nebula-test-${randomUUID().slice(0, 8)}`
const folder = mkdtempSync(path.join(tmpdir(), 'nebula-test-secrets-'))
const started = new Map<string, PodInDocker>()
let secrets: Secrets

beforeAll(async () => {
  secrets = await ensureSecrets(folder)
  const made = await run('/', ['docker', 'network', 'create', network])
  expect(made.exitCode, made.output).toBe(0)
})

afterAll(async () => {
  for (const pod of started.values()) await pod.remove()
  await run('/', ['docker', 'network', 'rm', network])
  rmSync(folder, { recursive: true, force: true })
})

test('every pod of the manifests is among those that are run here', () => {
  expect(workloads.map(({ name }) => name).sort()).toEqual(ORDER.toSorted())
})

test.each(ORDER)('%s runs with its user, mounts and no rights, on its image alone', async (name) => {
  const workload = workloads.find((candidate) => candidate.name === name)
  if (!workload) throw new Error(`there is no ${name}`)
  const inside = workload.pod.containers[0]?.ports.map(({ containerPort }) => containerPort) ?? []
  const outside = await freePorts(inside.length)
  const ports = new Map(inside.map((port, index) => [port, outside[index] ?? 0]))
  const image = name === 'nebula-worker' ? { image: await builtImage(name) } : {}
  const pod = new PodInDocker({ name, pod: workload.pod, network, settings: settings(), configMaps, ports, ...image })
  started.set(name, pod)
  await pod.start()
  if (workload.kind === 'Job') expect(await pod.exitCode(), await pod.logs()).toBe(0)
  else
    expect(await until(() => answers(pod, workload, ports), { deadlineMs: DEADLINE_MS }), await pod.logs()).toBe(true)
})

test.each(ORDER.toReversed())('%s ends by itself when it is told to', async (name) => {
  const pod = started.get(name)
  expect(await pod?.stop(), await pod?.logs()).toBe(true)
})

function settings(): Readonly<Record<string, string>> {
  return {
    ...secrets,
    'convex-instance-name': secrets.convexInstanceName,
    'convex-api-url': 'http://127.0.0.1:3210',
    'convex-site-url': 'http://127.0.0.1:3211',
    'convex-dashboard-api-url': 'http://127.0.0.1:3210',
    'temporal-ui-origins': 'http://localhost:8080',
  }
}

/** Whether the pod's own start-up probe succeeds. */
async function answers(
  pod: PodInDocker,
  { name, pod: spec }: PodWorkload,
  ports: ReadonlyMap<number, number>,
): Promise<boolean> {
  const [container] = spec.containers
  const { httpGet, exec, grpc } = StartupProbe.parse(container?.startupProbe)
  if (exec) return (await pod.exec(exec.command)) === 0
  const asked = httpGet?.port ?? grpc?.port
  const inside = typeof asked === 'number' ? asked : container?.ports.find((port) => port.name === asked)?.containerPort
  const endpoint = {
    name: 'probe',
    scheme: 'http',
    localPort: ports.get(inside ?? 0) ?? 0,
    label: 'probe',
    audience: 'code',
    onForward: 'ignore',
  } as const
  const check = grpc
    ? ({ kind: 'grpc', endpoint: 'probe', service: grpc.service, deadlineMs: DEADLINE_MS } as const)
    : ({ kind: 'http', endpoint: 'probe', path: httpGet?.path ?? '/', status: 200, deadlineMs: DEADLINE_MS } as const)
  return (await probe(check, { service: { id: name, endpoints: [endpoint] }, secrets })).ok
}
