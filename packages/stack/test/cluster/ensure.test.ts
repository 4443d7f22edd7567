import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { stringify } from 'yaml'
import type { ClusterDefinition } from '../../src/cluster/definition.ts'
import { ensureCluster } from '../../src/cluster/ensure.ts'
import { clusterDefinition } from './clusterDefinition.ts'
import { type Answer, fakeTools } from './fakeTools.ts'

const K3D = { v1alpha5Simple: { image: 'rancher/k3s:v1.36.1-k3s1', kubeAPI: { hostIP: '127.0.0.1' } } }

async function definition(): Promise<ClusterDefinition> {
  const registry = createServer((_, response) => response.end('{}')).listen(0, '127.0.0.1')
  await new Promise((resolve) => registry.once('listening', resolve))
  onTestFinished(() => void registry.close())
  return { ...clusterDefinition, registryPort: (registry.address() as AddressInfo).port, k3d: K3D }
}

const nodes = (running: number, ...further: readonly object[]): Answer => ({
  when: /^k3d cluster list nebula/,
  stdout: JSON.stringify([
    {
      serversCount: 1,
      serversRunning: running,
      nodes: [
        { name: 'k3d-nebula-server-0', role: 'server' },
        { name: 'nebula-registry', role: 'registry' },
        ...further,
      ],
    },
  ]),
})
/** As k3d lists it: without a role. */
const toolsNode = { name: 'k3d-nebula-tools' }
const hosts = (...names: readonly string[]): Answer => ({
  when: /^docker exec k3d-nebula-server-0 cat/,
  stdout: ['127.0.0.1\tlocalhost', ...names.map((name) => `172.18.0.1 ${name}`), ''].join('\n'),
})
/** As k3d leaves it. */
const k3dHosts = hosts('host.k3d.internal')
const noNodes: Answer = { when: /^k3d cluster list nebula/, stderr: 'No nodes found for given cluster', exitCode: 1 }
const registry = (running: boolean, networks: readonly string[] = ['bridge', 'k3d-nebula']): Answer => ({
  when: /^docker container inspect/,
  stdout: JSON.stringify([
    {
      State: { Running: running },
      NetworkSettings: { Networks: Object.fromEntries(networks.map((name) => [name, {}])) },
    },
  ]),
})
const noRegistry: Answer = { when: /^docker container inspect/, stderr: 'Error: No such container', exitCode: 1 }
const inKubeconfig: Answer = { when: /get-contexts/, stdout: 'other\nk3d-nebula\n' }
const stored = (k3d: unknown): Answer => ({ when: /ctlptl-cluster-spec/, stdout: stringify({ kind: 'Cluster', k3d }) })
/** As ctlptl stores it: with its zero values. */
const sameDefinition = stored({
  v1alpha5Simple: { ...K3D.v1alpha5Simple, options: { k3d: { wait: false }, kubeconfig: {} } },
})

function changing(calls: readonly string[]): readonly string[] {
  return calls.filter((call) => !/ (list|inspect|get|get-contexts|version|cat) /.test(`${call} `))
}

test('a running cluster is left alone', async () => {
  const tools = fakeTools([nodes(1), k3dHosts, registry(true), inKubeconfig, sameDefinition])
  expect(await ensureCluster(await definition())).toEqual({ done: [], isNew: false })
  expect(changing(tools.calls())).toEqual([])
})

test.each([
  ['the registry is missing', [nodes(1), k3dHosts, noRegistry, inKubeconfig, sameDefinition]],
  ['the cluster is missing', [noNodes, registry(true)]],
  ['both are', [noNodes, noRegistry]],
])('%s: their images are looked at before ctlptl runs, and without them it does not', async (_what, answers) => {
  const tools = fakeTools(answers)
  const beforeCreating = () => Promise.reject(new Error('not the locked image'))
  await expect(ensureCluster(await definition(), { beforeCreating })).rejects.toThrow('not the locked image')
  expect(changing(tools.calls()).filter((call) => call.startsWith('ctlptl'))).toEqual([])
})

test('where nothing is made no image is looked at', async () => {
  fakeTools([nodes(1), k3dHosts, registry(true), inKubeconfig, sameDefinition])
  const beforeCreating = () => Promise.reject(new Error('asked'))
  expect(await ensureCluster(await definition(), { beforeCreating })).toEqual({ done: [], isNew: false })
})

test('nodes that Docker started on its own are started again by k3d, which gives them their host entries', async () => {
  const tools = fakeTools([nodes(1), hosts(), registry(true), inKubeconfig, sameDefinition])
  const { done, isNew } = await ensureCluster(await definition())
  expect(done).toEqual(['restarting the cluster k3d-nebula, which Docker had started without k3d'])
  expect(isNew).toBe(false)
  expect(changing(tools.calls())).toEqual(['k3d cluster stop nebula', 'k3d cluster start nebula'])
})

test('a node that cannot be asked is not restarted for it', async () => {
  const gone: Answer = { when: /^docker exec/, stderr: 'container is restarting', exitCode: 1 }
  const tools = fakeTools([nodes(1), gone, registry(true), inKubeconfig, sameDefinition])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual([])
})

test('where there is none, ctlptl makes it', async () => {
  const tools = fakeTools([noNodes, noRegistry])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual(['ctlptl apply -f -', 'ctlptl apply -f infra/ctlptl.yaml'])
})

test('a stopped cluster is started; ctlptl, which would delete it, is not asked', async () => {
  const tools = fakeTools([nodes(0), registry(false), inKubeconfig, sameDefinition])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual(['docker start nebula-registry', 'k3d cluster start nebula'])
})

test('what an interrupted start left is deleted before the cluster is started', async () => {
  const tools = fakeTools([nodes(0, toolsNode), registry(true), inKubeconfig, sameDefinition])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual(['docker rm --force --volumes k3d-nebula-tools', 'k3d cluster start nebula'])
})

test('what an interrupted creation left, before there was a node, is no cluster', async () => {
  const only = JSON.stringify([{ serversCount: 0, serversRunning: 0, nodes: [toolsNode] }])
  const tools = fakeTools([{ when: /^k3d cluster list nebula/, stdout: only }, registry(true)])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual([
    'docker rm --force --volumes k3d-nebula-tools',
    'ctlptl apply -f infra/ctlptl.yaml',
  ])
})

test.each([
  ['start', [nodes(0), registry(true)], /^k3d cluster start/],
  ['creation', [noNodes, registry(true)], /^ctlptl apply/],
])('a failed %s leaves nothing of k3d behind', async (_, answers, when) => {
  const tools = fakeTools([...answers, { when, stderr: 'interrupted', exitCode: 1 }])
  await expect(ensureCluster(await definition())).rejects.toThrow(/interrupted/)
  expect(changing(tools.calls()).at(-1)).toBe('docker rm --force --volumes k3d-nebula-tools')
})

test('a lost kubeconfig entry is merged back', async () => {
  const tools = fakeTools([nodes(1), k3dHosts, registry(true), sameDefinition])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual([
    'k3d kubeconfig merge nebula --kubeconfig-merge-default --kubeconfig-switch-context',
  ])
})

test('a registry that is gone is made again, alone, and connected', async () => {
  const tools = fakeTools([nodes(1), k3dHosts, noRegistry, inKubeconfig, sameDefinition])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual(['ctlptl apply -f -', 'docker network connect k3d-nebula nebula-registry'])
})

const changed = stored({ v1alpha5Simple: { image: 'other', kubeAPI: { hostIP: '127.0.0.1' } } })
const node = (...volumes: readonly string[]): Answer => ({
  when: /^docker container inspect k3d-nebula-server-0/,
  stdout: JSON.stringify([{ Image: 'sha256:k3s', Mounts: volumes.map((Name) => ({ Name, Destination: '/x' })) }]),
})

test('a cluster of another definition is made anew, and says what changed: its data is outside of it', async () => {
  const tools = fakeTools([nodes(1), k3dHosts, node('nebula-data'), registry(true), inKubeconfig, changed])
  const ended: string[] = []
  const onRemake = async () => void ended.push(...changing(tools.calls()))
  const { done, isNew } = await ensureCluster(await definition(), { onRemake })
  expect(isNew).toBe(true)
  expect(done.join()).toContain('infra/ctlptl.yaml changed (v1alpha5Simple.image)')
  expect(ended, 'Tilt ends before anything is deleted').toEqual([])
  expect(changing(tools.calls())).toEqual([
    'docker network disconnect --force k3d-nebula nebula-registry',
    'k3d cluster delete nebula',
    'kubectl config delete-context k3d-nebula',
    'ctlptl apply -f infra/ctlptl.yaml',
  ])
})

const claimsInNode: Answer = {
  when: /get persistentvolumes -o json/,
  stdout: JSON.stringify({
    items: [
      {
        spec: {
          claimRef: { namespace: 'nebula', name: 'postgres-data' },
          hostPath: { path: '/var/lib/rancher/k3s/storage/pvc-1_nebula_postgres-data' },
        },
      },
      { spec: { claimRef: { namespace: 'other', name: 'theirs' }, local: { path: '/elsewhere' } } },
    ],
  }),
}

test('data in the node of an older cluster is copied into the volume before the cluster is deleted', async () => {
  const tools = fakeTools([nodes(1), k3dHosts, node(), claimsInNode, registry(true), inKubeconfig, changed])
  await ensureCluster(await definition())
  const calls = tools.calls().join('\n')
  const order = [/k3d cluster stop nebula/, /docker run .*--volumes-from k3d-nebula-server-0/, /k3d cluster delete/]
  const places = order.map((call) => calls.search(call))
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  expect(places).not.toContain(-1)
  expect(calls).toContain(
    '/var/lib/nebula/volumes postgres-data /var/lib/rancher/k3s/storage/pvc-1_nebula_postgres-data',
  )
  expect(calls).not.toContain('theirs')
})

test('data that cannot be copied stays where it is, and so does the cluster', async () => {
  const full: Answer = { when: /^docker run/, stderr: 'cp: No space left on device', exitCode: 1 }
  const tools = fakeTools([nodes(1), k3dHosts, node(), claimsInNode, registry(true), inKubeconfig, changed, full])
  await expect(ensureCluster(await definition())).rejects.toThrow('No space left on device')
  expect(tools.calls().join('\n')).not.toMatch(/cluster delete|ctlptl apply/)
})

test('a cluster whose creation was interrupted is finished while it is empty', async () => {
  const unfinished = { when: /ctlptl-cluster-spec/, stdout: '' }
  const tools = fakeTools([nodes(1), k3dHosts, registry(true), inKubeconfig, unfinished])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual(['ctlptl apply -f infra/ctlptl.yaml'])
})

test('a cluster without a stored definition that has the namespace is kept', async () => {
  const unfinished = { when: /ctlptl-cluster-spec/, stdout: '' }
  const tools = fakeTools([
    nodes(1), k3dHosts, registry(true), inKubeconfig, unfinished, { when: /get namespace/, stdout: 'namespace/nebula' },
  ]) // biome-ignore format: one line says it
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual([])
})

test('a stopped registry whose network is gone is made again', async () => {
  const dead = { when: /^docker start/, stderr: 'network 2167 not found', exitCode: 1 }
  const tools = fakeTools([noNodes, registry(false), dead])
  await ensureCluster(await definition())
  expect(changing(tools.calls())).toEqual([
    'docker start nebula-registry',
    'docker rm --volumes nebula-registry',
    'ctlptl apply -f -',
    'ctlptl apply -f infra/ctlptl.yaml',
  ])
})

test('a Docker that does not answer is not taken for one without a cluster', async () => {
  const refused = 'Cannot connect to the Docker daemon'
  const tools = fakeTools([noNodes, { when: /^docker container inspect/, stderr: refused, exitCode: 1 }])
  await expect(ensureCluster(await definition())).rejects.toMatchObject({ code: 'DOCKER_UNREACHABLE', exitCode: 3 })
  expect(changing(tools.calls())).toEqual([])
})
