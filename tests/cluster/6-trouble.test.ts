import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { z } from 'zod'
import { type CommandResult, nebula } from '../lib/nebula.ts'
import { localPort, root, succeed } from './setup.ts'

const Container = z.looseObject({
  image: z.string(),
  env: z.array(z.looseObject({ name: z.string() })).default([]),
  resources: z.looseObject({}).optional(),
  securityContext: z.looseObject({}).optional(),
})
const Workload = z.looseObject({
  kind: z.enum(['Deployment', 'Job']),
  spec: z.looseObject({ template: z.looseObject({ spec: z.looseObject({ containers: z.tuple([Container]) }) }) }),
})
const Status = z.object({
  services: z.array(
    z.looseObject({ id: z.string(), state: z.string(), error: z.string().optional(), hint: z.string().optional() }),
  ),
})

type PodSpec = z.infer<typeof Workload>['spec']['template']['spec']

/** What is broken of which service, what `up` then says, and the command that it gives. */
interface Fault {
  readonly what: string
  readonly service: string
  readonly title: string
  readonly break: (pod: PodSpec, container: z.infer<typeof Container>) => void
  readonly reason: string
  readonly hint: string
}

const ALIEN = 'nebula-test-alien:1'
const says = (script: string) => ['sh', '-c', script]

// Services that no other one needs; several at once, since each `up` takes its time. What Kubernetes tries again comes last.
const rounds: readonly { readonly name: string; readonly faults: readonly Fault[] }[] = [
  {
    name: 'what only an edit helps',
    faults: [
      {
        what: 'a program that its user may not execute',
        service: 'temporal-ui',
        title: 'Temporal UI',
        break: (_, container) => Object.assign(container, { command: ['/etc/passwd'] }),
        reason: '/etc/passwd: permission denied for user 1000',
        hint: 'kubectl --context k3d-nebula -n nebula describe pod -l app=temporal-ui',
      },
      {
        what: 'an image that is not there',
        service: 'convex-dashboard',
        title: 'Convex dashboard',
        break: (_, container) => Object.assign(container, { image: 'nebula-registry:5000/nebula-test/absent:1' }),
        reason: "image nebula-test/absent:1 is not in the project's registry",
        hint: "grep -rn 'nebula-registry:5000/nebula-test/absent' infra",
      },
      {
        what: 'a secret without the key',
        service: 'nebula-worker',
        title: 'Worker',
        break(_, container) {
          const valueFrom = { secretKeyRef: { name: 'nebula-secrets', key: 'absent' } }
          container.env = [...container.env, { name: 'ABSENT', valueFrom }]
        },
        reason: 'secret nebula-secrets has no key "absent"',
        hint: 'kubectl --context k3d-nebula -n nebula describe secret nebula-secrets',
      },
    ],
  },
  {
    name: 'more that only an edit helps',
    faults: [
      {
        what: 'a program for another processor',
        service: 'temporal-ui',
        title: 'Temporal UI',
        break: (_, container) => Object.assign(container, { image: `nebula-registry:5000/${ALIEN}` }),
        reason: '/alien is built for another processor architecture',
        hint: "grep -rn 'nebula-registry:5000/nebula-test-alien' infra",
      },
      {
        what: 'more memory than there is',
        service: 'convex-dashboard',
        title: 'Convex dashboard',
        break(_, container) {
          container.resources = { requests: { memory: '900Gi' }, limits: { memory: '900Gi' } }
        },
        reason: 'it asks for 900Gi of memory, more than the machine has left',
        hint: 'grep -rn -A2 requests infra/services/convex-dashboard',
      },
      {
        what: 'rights that the namespace refuses',
        service: 'nebula-worker',
        title: 'Worker',
        break(_, container) {
          container.securityContext = { ...container.securityContext, allowPrivilegeEscalation: true }
        },
        reason: 'Pod Security forbids it: allowPrivilegeEscalation != false',
        hint: 'kubectl --context k3d-nebula -n nebula describe rs -l app=nebula-worker',
      },
    ],
  },
  {
    name: 'what Kubernetes tries again',
    faults: [
      {
        what: 'a program that crashes',
        service: 'temporal-ui',
        title: 'Temporal UI',
        break: (_, container) =>
          Object.assign(container, { command: says('echo reading; echo "error: no settings" >&2; exit 3') }),
        reason: 'temporal-ui exited with code 3: error: no settings',
        hint: 'npm run logs -- temporal-ui',
      },
      {
        what: 'less memory than it takes',
        service: 'convex-dashboard',
        title: 'Convex dashboard',
        break: (_, container) =>
          Object.assign(container, {
            command: says('echo filling; exec tail /dev/zero'),
            resources: { requests: { memory: '32Mi' }, limits: { memory: '64Mi' } },
          }),
        reason: 'convex-dashboard was killed: it took more than its 64Mi of memory',
        hint: 'grep -rn memory infra/services/convex-dashboard',
      },
      {
        what: 'an init container that fails',
        service: 'nebula-worker',
        title: 'Worker',
        break(pod, { securityContext }) {
          const command = says('echo looking; echo "error: no database" >&2; exit 1')
          pod.initContainers = [{ name: 'setup', image: 'postgres:16-alpine', command, securityContext }]
        },
        reason: 'init container setup exited with code 1: error: no database',
        hint: 'npm run logs -- nebula-worker',
      },
      {
        what: 'a registry that does not answer',
        service: 'temporal-namespace',
        title: 'Temporal namespace',
        break: (_, container) => Object.assign(container, { image: '127.0.0.1:1/nebula-test/any:1' }),
        reason: '127.0.0.1:1 cannot be reached: connection refused',
        hint: 'docker pull 127.0.0.1:1/nebula-test/any:1 && npm run up',
      },
    ],
  },
]

beforeAll(async () => {
  await succeed(['up', '--mode', 'cluster'])
  pushAlien()
})
afterAll(async () => void (await succeed(['up', '--mode', 'cluster'])))

describe.each(rounds)('$name', ({ faults }) => {
  const manifests = new Map<string, string>()
  let up: CommandResult
  let status: z.infer<typeof Status>

  beforeAll(async () => {
    for (const fault of faults) {
      const file = path.join(root, `infra/services/${fault.service}/${fault.service}.k8s.yaml`)
      const manifest = readFileSync(file, 'utf8')
      manifests.set(file, manifest)
      writeFileSync(file, broken(manifest, fault))
    }
    up = await nebula(root, ['up', '--mode', 'cluster'])
    status = Status.parse(JSON.parse((await nebula(root, ['status', '--json'])).stdout))
  })
  afterAll(() => {
    for (const [file, manifest] of manifests) writeFileSync(file, manifest)
  })

  test('a service failed, long before any deadline', () => {
    expect(up.exitCode, up.output).toBe(5)
  })

  test.each(faults)('up says what and what to do: $what', ({ title, reason, hint }) => {
    const lines = stripVTControlCharacters(up.stderr).split('\n')
    // At once, while it may still come up.
    const first = lines.findIndex((line) => line.startsWith(`◌ ${title}: starting (${reason})`))
    expect(lines[first + 1], up.stderr).toBe(`  → ${hint}`)
    // In the end, with what the container or Kubernetes said.
    const last = lines.indexOf(`✗ ${title} has failed: ${reason}`)
    expect(last, up.stderr).toBeGreaterThan(first)
    const report = lines.slice(last + 1, lines.indexOf(`→ ${hint}`, last))
    expect(report.length).toBeGreaterThan(0)
    for (const line of report) expect(line).toMatch(/^ {2}│ ./)
  })

  test.each(faults)('status says what and what to do: $what', ({ service, reason, hint }) => {
    const row = status.services.find(({ id }) => id === service)
    expect(['starting', 'failed']).toContain(row?.state)
    expect(row).toMatchObject({ error: reason, hint })
  })

  test('every other service is green', () => {
    const ids = faults.map(({ service }) => service)
    for (const { id, state } of status.services.filter((service) => !ids.includes(service.id)))
      expect(['healthy', 'completed'], id).toContain(state)
  })
})

function broken(manifest: string, fault: Fault): string {
  const documents = parseAllDocuments(manifest).map((document) => {
    const object: unknown = document.toJS()
    const workload = Workload.safeParse(object)
    if (!workload.success) return object
    const pod = workload.data.spec.template.spec
    fault.break(pod, pod.containers[0])
    return workload.data
  })
  return documents.map((object) => stringify(object)).join('---\n')
}

/** Puts an image into the registry whose one program is for a processor that nobody has, nor emulates. */
function pushAlien(): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'nebula-alien-'))
  const name = `127.0.0.1:${localPort('registry', 'api')}/${ALIEN}`
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(2, 16)
  header.writeUInt16LE(0xfefe, 18)
  header.writeUInt32LE(1, 20)
  header.writeUInt16LE(header.length, 52)
  writeFileSync(path.join(folder, 'alien'), header, { mode: 0o755 })
  try {
    const tar = execFileSync('tar', ['-c', '-C', folder, 'alien'])
    const change = 'CMD ["/alien"]'
    execFileSync('docker', ['import', '--change', change, '-', name], { input: tar, stdio: ['pipe', 'ignore', 'pipe'] })
    execFileSync('docker', ['push', '--quiet', name], { stdio: ['ignore', 'ignore', 'pipe'] })
  } finally {
    execFileSync('docker', ['image', 'rm', '--force', name], { stdio: ['ignore', 'ignore', 'ignore'] })
    rmSync(folder, { recursive: true })
  }
}
