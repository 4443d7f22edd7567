import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { RunsClient } from '@nebula/convex/runsClient'
import { workflowOf } from '@nebula/convex/runWorkflow'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { nebula, run } from '../lib/nebula.ts'
import { CONTEXT, kubectl, localPort, root, succeed } from './setup.ts'

const convexUrl = `http://127.0.0.1:${localPort('convex-backend', 'api')}`
const temporal = `127.0.0.1:${localPort('temporal', 'grpc')}`
let runId: string

async function withApplication<T>(action: (app: RunsClient) => Promise<T>): Promise<T> {
  const app = new RunsClient(convexUrl)
  return await action(app).finally(() => app.close())
}

/** The run from before is still there, in Convex and in Temporal. */
async function expectRunKept(): Promise<void> {
  const kept = await withApplication((app) => app.get(runId))
  expect(kept).toMatchObject({ status: 'completed', title: 'keep me' })
  expect(await workflowOf(temporal, runId)).toEqual({ status: 'COMPLETED', executions: 1 })
}

beforeAll(async () => {
  await succeed(['up', '--mode', 'cluster'])
  runId = await withApplication(async (app) => {
    const id = await app.start({ title: 'keep me', steps: [{ label: 'one', durationMs: 10, failures: 0 }] })
    await app.untilFinal(id)
    return id
  })
})

test('down leaves nothing running; what Docker prunes then is not the data', async () => {
  await succeed(['down'])
  const containers = await run(root, ['docker', 'ps', '--format', '{{.Names}}'])
  expect(containers.stdout).not.toMatch(/k3d-nebula|nebula-registry/)
  const status = await nebula(root, ['status', '--json'])
  expect(status.exitCode).not.toBe(0)
  expect(JSON.parse(status.stdout)).toMatchObject({ ok: false })
  // What `docker system prune` would do, but to nothing that somebody else has on this machine.
  const pruned = await run(root, ['docker', 'container', 'prune', '--force', '--filter', 'label=k3d.cluster=nebula'])
  expect(pruned.exitCode, pruned.output).toBe(0)
  const left = await run(root, ['docker', 'ps', '--all', '--format', '{{.Names}}'])
  expect(left.stdout).not.toContain('k3d-nebula')
  await succeed(['up', '--mode', 'cluster'])
  await expectRunKept()
})

test('a cluster that somebody stopped is started, not made again; a lost registry and kubeconfig come back', async () => {
  await succeed(['down'])
  await run(root, ['docker', 'rm', '--force', '--volumes', 'nebula-registry'])
  await run(root, ['kubectl', 'config', 'delete-context', CONTEXT])
  await succeed(['up', '--mode', 'cluster'])
  await expectRunKept()
})

test('nodes that Docker started, as after a reboot, are started again by k3d, which gives them their host entries', async () => {
  const node = `${CONTEXT}-server-0`
  await succeed(['down'])
  const started = await run(root, ['docker', 'start', 'nebula-registry', node])
  expect(started.exitCode, started.output).toBe(0)
  const { stderr } = await succeed(['up', '--mode', 'cluster'])
  expect(stderr).toContain('without k3d')
  const hosts = await run(root, ['docker', 'exec', node, 'cat', '/etc/hosts'])
  expect(hosts.stdout).toContain('host.k3d.internal')
  const dns = ['-n', 'kube-system', 'get', 'configmap', 'coredns', '-o', 'jsonpath={.data.NodeHosts}']
  expect((await run(root, ['kubectl', '--context', CONTEXT, ...dns])).stdout).toContain('host.k3d.internal')
  await expectRunKept()
  expect((await succeed(['up', '--mode', 'cluster'])).stderr).not.toContain('without k3d')
})

test('a changed cluster definition: the cluster is made anew, with a word on why, and the data is in the new one', async () => {
  const file = path.join(root, 'infra/ctlptl.yaml')
  const created = await kubectl('get', 'namespace', 'nebula', '-o', 'jsonpath={.metadata.creationTimestamp}')
  const definition = readFileSync(file, 'utf8')
  writeFileSync(file, definition.replace('traefik,servicelb,metrics-server', 'traefik,servicelb'))
  onTestFinished(() => writeFileSync(file, definition))
  const { stderr } = await succeed(['up', '--mode', 'cluster'])
  expect(stderr).toContain('infra/ctlptl.yaml changed (v1alpha5Simple.options.k3s.extraArgs)')
  expect(await kubectl('get', 'namespace', 'nebula', '-o', 'jsonpath={.metadata.creationTimestamp}')).not.toBe(created)
  await expectRunKept()
})

// The definition is the old one again, too.
test('a node that was removed by force while it ran, and secrets that were lost with it, come back', async () => {
  const file = path.join(root, '.nebula/secrets.json')
  const before = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(file)
  const removed = await run(root, ['docker', 'rm', '--force', '--volumes', `${CONTEXT}-server-0`])
  expect(removed.exitCode, removed.output).toBe(0)
  await succeed(['up', '--mode', 'cluster'])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(before)
  await expectRunKept()
})

test('reset asks before it deletes, and then starts clean', async () => {
  const refused = await nebula(root, ['reset'])
  expect(refused.exitCode).toBe(2)
  expect(refused.stderr).toContain('--yes')
  await expectRunKept()

  await succeed(['reset', '--yes'])
  expect(await withApplication((app) => app.get(runId))).toBeNull()
  await succeed(['verify'])
})

test('data that is gone is missed: nothing starts in its place until somebody says so', async () => {
  await run(root, ['docker', 'rm', '--force', '--volumes', `${CONTEXT}-server-0`])
  const removed = await run(root, ['docker', 'volume', 'rm', 'nebula-data'])
  expect(removed.exitCode, removed.output).toBe(0)
  const refused = await nebula(root, ['up', '--mode', 'cluster'])
  expect(refused.exitCode).toBe(3)
  expect(refused.stderr).toContain('Docker no longer has the volume nebula-data')
  expect(refused.stderr).toContain('--accept-data-loss')
  expect((await run(root, ['docker', 'ps', '--format', '{{.Names}}'])).stdout).not.toContain(`${CONTEXT}-server-0`)
  await succeed(['up', '--mode', 'cluster', '--accept-data-loss'])
})
