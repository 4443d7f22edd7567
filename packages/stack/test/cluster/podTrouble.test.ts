import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type KubeObjects, parseKubeObjects } from '../../src/cluster/kubeObjects.ts'
import { podTrouble } from '../../src/cluster/podTrouble.ts'
import type { PodTrouble, TroubleKind } from '../../src/cluster/trouble.ts'

/** What `kubectl get pods,replicasets,jobs,events -o json` printed of one service, without what nobody reads. */
function recorded(name: string): { objects: KubeObjects; service: string } {
  const list: unknown = JSON.parse(readFileSync(path.join(import.meta.dirname, 'pods', `${name}.json`), 'utf8'))
  const objects = parseKubeObjects(list, Date.parse('2026-11-28T01:04:30Z'))
  const service = objects.pods[0]?.metadata.labels.app ?? objects.replicaSets[0]?.metadata.labels.app
  return { objects, service: service ?? objects.jobs[0]?.metadata.name ?? '' }
}

function troubleIn(
  name: string,
  change: (objects: KubeObjects) => KubeObjects = (objects) => objects,
): PodTrouble | null {
  const { objects, service } = recorded(name)
  const context = { service, kubectl: 'kubectl --context k3d-nebula -n nebula', registry: 'nebula-registry:5000' }
  return podTrouble(change(objects), context)
}

const now = { hopeless: true }
const later = { hopeless: false }

test.each<[string, TroubleKind, string, string, { hopeless: boolean }]>([
  [
    'permission-denied',
    'permission-denied',
    '/etc/passwd: permission denied for user 1000',
    'describe pod -l app=',
    now,
  ],
  ['permission-denied-back-off', 'permission-denied', '/etc/passwd: permission denied for user 1000', 'describe', now],
  ['permission-denied-init', 'permission-denied', '/etc/passwd: permission denied for user 1000', 'describe', now],
  ['no-such-program', 'no-such-program', 'there is no ./start.sh in image postgres:16-alpine', 'grep -rnE', now],
  ['no-such-image', 'no-such-image', 'image 127.0.0.1:5000/temporalio/ui:0.0.0 does not exist', 'grep -rn', now],
  ['no-such-image-back-off', 'no-such-image', 'image 127.0.0.1:5000/temporalio/ui:0.0.0 does not exist', 'grep', now],
  ['not-in-our-registry', 'no-such-image', "image temporalio/ui:0.0.0 is not in the project's registry", 'grep', now],
  ['invalid-image-name', 'no-such-image', '"temporalio/UI:1" is no valid name of an image', 'grep', now],
  [
    'registry-unreachable',
    'registry-unreachable',
    'docker.io cannot be reached: its name does not resolve',
    'docker pull temporalio/ui:0.0.0 && npm run up',
    later,
  ],
  [
    'registry-refuses-connection',
    'registry-unreachable',
    '127.0.0.1:1 cannot be reached: connection refused',
    'docker pull 127.0.0.1:1/x:1 && npm run up',
    later,
  ],
  [
    'wrong-platform',
    'wrong-architecture',
    'image nebula-registry:5000/reasons-alien:arm is built for another processor architecture',
    'grep',
    now,
  ],
  ['missing-key', 'missing-config', 'secret nebula-secrets has no key "nope"', 'describe secret nebula-secrets', now],
  ['missing-secret', 'missing-config', 'there is no secret "nope"', 'get secrets', now],
  ['missing-config-map', 'missing-config', 'there is no configmap "nope"', 'get configmaps', now],
  ['out-of-memory', 'out-of-memory', 'main was killed: it took more than its 64Mi of memory', 'grep -rn memory', later],
  [
    'not-enough-memory',
    'unschedulable',
    'it asks for 900Gi of memory, more than the machine has left',
    'grep -rn -A2 requests infra/services/x-memory',
    now,
  ],
  ['init-failed', 'init-failed', 'init container setup exited with code 1', 'npm run logs -- x-init', later],
  ['crash', 'crash-loop', 'main exited with code 3', 'npm run logs -- x-crash', later],
  ['ends-at-once', 'crash-loop', 'main exited with code 0', 'npm run logs -- x-exit0', later],
  ['probe-fails', 'crash-loop', 'main was ended: its startup probe failed', 'npm run logs -- x-liveness', later],
  ['volume-of-nothing', 'volume', 'volume v: configmap "absent" not found', 'describe pod -l app=x-mount', later],
  ['no-volume-claim', 'volume', 'the volume claim "absent" does not exist', 'describe pod', later],
  ['volume-claim-pending', 'volume', 'its volume is not there yet', 'describe pvc', later],
  [
    'pod-security',
    'refused',
    'Pod Security forbids it: allowPrivilegeEscalation != false, unrestricted capabilities',
    'describe rs -l app=x-podsec',
    now,
  ],
  [
    'pod-security-job',
    'refused',
    'Pod Security forbids it: allowPrivilegeEscalation != false, unrestricted capabilities',
    'describe job x-jobsec',
    now,
  ],
  ['runs-as-root', 'refused', 'main would run as root, which its pod forbids', 'describe pod', now],
])('%s: %s, %s', (name, kind, summary, hint, { hopeless }) => {
  const trouble = troubleIn(name)
  expect(trouble).toMatchObject({ kind, summary, hopeless, retrying: false })
  expect(trouble?.hint).toContain(hint)
})

test.each(['runs', 'init-waits', 'node-stopped'])('%s is no trouble', (name) => {
  expect(troubleIn(name)).toBeNull()
})

test('a node that comes up is waited for', () => {
  expect(troubleIn('node-starts')).toMatchObject({ kind: 'unschedulable', hopeless: false })
})

test('what crashed and runs again is said, and not given up', () => {
  expect(troubleIn('init-runs-again')).toMatchObject({
    kind: 'init-failed',
    retrying: true,
    run: { container: 'setup', runsAgain: true },
  })
})

test('a pull that is under way again is not given up, though the kubelet still speaks of the last one', () => {
  const pulling = (objects: KubeObjects): KubeObjects => ({
    ...objects,
    events: objects.events.map((event) =>
      event.reason === 'Pulling' ? { ...event, lastTimestamp: '2026-11-28T01:10:00Z' } : event,
    ),
  })
  expect(troubleIn('registry-unreachable')).toMatchObject({ retrying: false })
  expect(troubleIn('registry-unreachable', pulling)).toMatchObject({ retrying: true })
})

test('a mount that failed is over when the kubelet went on to pull', () => {
  const went = (objects: KubeObjects): KubeObjects => ({
    ...objects,
    events: [
      ...objects.events,
      ...objects.events.map((event) => ({
        ...event,
        reason: 'Pulling',
        message: 'Pulling image',
        lastTimestamp: '2026-11-28T01:04:20Z',
      })),
    ],
  })
  expect(troubleIn('volume-of-nothing')).toMatchObject({ kind: 'volume' })
  expect(troubleIn('volume-of-nothing', went)).toBeNull()
})

test('a job that did its work is well, whatever became of one of its pods', () => {
  const { objects: refused } = recorded('pod-security-job')
  const [job] = refused.jobs
  if (!job) throw new Error('there is no job')
  const complete = [{ type: 'Complete', status: 'True', reason: '', message: '' }]
  const objects = (conditions: typeof complete): KubeObjects => {
    const { objects: crashed } = recorded('crash')
    const pods = crashed.pods.map((pod) => ({
      ...pod,
      metadata: {
        ...pod.metadata,
        labels: { ...pod.metadata.labels, app: job.metadata.name },
        ownerReferences: [{ uid: job.metadata.uid }],
      },
    }))
    return { ...crashed, pods, replicaSets: [], jobs: [{ ...job, status: { ...job.status, conditions } }] }
  }
  const context = { service: job.metadata.name, kubectl: 'kubectl', registry: 'nebula-registry:5000' }
  expect(podTrouble(objects([]), context)).toMatchObject({ kind: 'crash-loop' })
  expect(podTrouble(objects(complete), context)).toBeNull()
})

test('our own registry is brought back by `up`: this machine knows it by another name', () => {
  const ours = (objects: KubeObjects): KubeObjects => ({
    ...objects,
    pods: objects.pods.map((pod) => ({
      ...pod,
      spec: {
        ...pod.spec,
        containers: pod.spec.containers.map((one) => ({ ...one, image: 'nebula-registry:5000/nebula-worker:tilt-1' })),
      },
    })),
  })
  expect(troubleIn('registry-refuses-connection', ours)).toMatchObject({
    summary: "the project's registry cannot be reached: connection refused",
    hint: 'npm run up',
  })
})

test('too little memory is waited for while something ends that gives memory back', () => {
  const ending = (objects: KubeObjects): KubeObjects => ({
    ...objects,
    pods: [...objects.pods, ...recorded('node-stopped').objects.pods],
  })
  expect(troubleIn('not-enough-memory', ending)).toMatchObject({ kind: 'unschedulable', hopeless: false })
})

test('what was wrong with a pod of an older revision is over', () => {
  const edited = (objects: KubeObjects): KubeObjects => {
    const { objects: good } = recorded('runs')
    const labels = objects.pods[0]?.metadata.labels ?? {}
    const [set] = good.replicaSets.map((candidate) => ({
      ...candidate,
      metadata: { ...candidate.metadata, labels, annotations: { 'deployment.kubernetes.io/revision': '2' } },
    }))
    const pods = good.pods.map((pod) => ({ ...pod, metadata: { ...pod.metadata, labels } }))
    return {
      ...objects,
      pods: [...objects.pods, ...pods],
      replicaSets: [...objects.replicaSets, ...(set ? [set] : [])],
    }
  }
  expect(troubleIn('no-such-image', edited)).toBeNull()
})

test("the kubelet's words are there without their preamble", () => {
  expect(troubleIn('permission-denied')?.detail).toBe('RunContainerError: exec: "/etc/passwd": permission denied')
  const notFound = 'ErrImagePull: 127.0.0.1:5000/temporalio/ui:0.0.0: not found'
  expect(troubleIn('no-such-image')?.detail).toBe(notFound)
  expect(troubleIn('no-such-image-back-off')?.detail).toBe(`ImagePullBackOff: ${notFound}`)
})

const said = (name: string, message: string): ((objects: KubeObjects) => KubeObjects) => {
  const waiting = { reason: name, message }
  return (objects) => ({
    ...objects,
    pods: objects.pods.map((pod) => ({
      ...pod,
      status: {
        ...pod.status,
        containerStatuses: pod.status.containerStatuses.map((status) => ({ ...status, state: { waiting } })),
      },
    })),
  })
}

// What registries and runtimes answer that the lab has not.
test.each<[string, string, TroubleKind, boolean]>([
  ['ErrImagePull', 'failed to resolve reference "docker.io/a/b:1": docker.io/a/b:1: not found', 'no-such-image', true],
  [
    'ErrImagePull',
    'pull access denied, repository does not exist or may require authorization',
    'no-such-image',
    false,
  ],
  ['ErrImagePull', 'unexpected status from HEAD request: 429 Too Many Requests', 'registry-unreachable', false],
  ['ErrImagePull', 'dial tcp 1.2.3.4:443: i/o timeout', 'registry-unreachable', false],
  ['ErrImagePull', 'tls: failed to verify certificate: x509: unknown authority', 'registry-unreachable', false],
  [
    'ErrImagePull',
    'failed to copy: httpReadSeeker: content at https://cdn.example.org/blobs/sha256:ab not found: not found',
    'registry-unreachable',
    false,
  ],
  ['ErrImagePull', 'something new', 'other', false],
  [
    'CreateContainerConfigError',
    'image has non-numeric user (nextjs), cannot verify user is non-root',
    'refused',
    true,
  ],
  ['CreateContainerError', 'something new', 'other', false],
])('%s: %s', (reason, message, kind, hopeless) => {
  expect(troubleIn('no-such-image', said(reason, message))).toMatchObject({ kind, hopeless })
})

test('what is not known is said in the words of the kubelet', () => {
  const trouble = troubleIn('no-such-image', said('CreateContainerError', 'something new'))
  expect(trouble?.summary).toBe('CreateContainerError: something new')
})

test.each(['permission-denied', 'no-such-image', 'missing-key', 'crash', 'pod-security', 'not-enough-memory'])(
  'the hint of %s is a command of one line',
  (name) => {
    expect(troubleIn(name)?.hint).toMatch(/^(?:kubectl|npm run|grep|docker|tilt) [^\n]+$/)
  },
)
