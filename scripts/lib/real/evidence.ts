import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { LOG_FOLDER } from '@nebula/stack/checkout/paths'
import type { ClusterDefinition } from '@nebula/stack/cluster/definition'
import { attempt } from '@nebula/stack/system/attempt'
import pc from 'picocolors'
import { z } from 'zod'
import type { Journal } from './journal.ts'

/** Runs a program where the stack is, and returns what it said, whatever its exit code. */
export type Look = (argv: readonly string[]) => Promise<string>

const ContainerStatus = z.object({ name: z.string(), ready: z.boolean(), restartCount: z.int() })
const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string() }),
      status: z.object({
        phase: z.string(),
        initContainerStatuses: z.array(ContainerStatus).default([]),
        containerStatuses: z.array(ContainerStatus).default([]),
      }),
    }),
  ),
})
type Pod = z.infer<typeof Pods>['items'][number]

/**
 * Writes down what there is to know of a stack that failed: what its services, its pods and its Docker say of themselves.
 * @param root the copy of the checkout that it runs from, as this machine sees it.
 */
export async function collectCluster(
  journal: Journal,
  root: string,
  look: Look,
  definition: ClusterDefinition,
): Promise<void> {
  process.stderr.write(pc.dim('· writing down status, events and logs …\n'))
  await journal.redactor.learn(root)
  const kubectl = (...args: readonly string[]) =>
    look(['kubectl', '--context', definition.context, '--request-timeout=20s', ...args])
  const keep = async (name: string, text: Promise<string>) => {
    const said = await attempt(text)
    const content = said instanceof Error ? `${said.message}\n` : said
    const written = await attempt(journal.write(path.join('evidence', name), content))
    if (written instanceof Error) process.stderr.write(`${pc.yellow('!')} ${name} is not kept: ${written.message}\n`)
  }
  const npm = (...args: readonly string[]) => look(['npm', 'run', '--silent', ...args])
  await keep('status.json', npm('status', '--', '--mode', 'cluster', '--json'))
  await keep('doctor.txt', npm('doctor'))
  await keep('kubernetes.txt', kubectl('get', 'all,events', '--all-namespaces', '-o', 'wide'))
  for (const pod of await attempt(listPods(kubectl)).then((pods) => (pods instanceof Error ? [] : pods))) {
    const { name, namespace } = pod.metadata
    if (!isWell(pod)) await keep(`pods/${name}.txt`, kubectl('describe', 'pod', '-n', namespace, name))
    for (const container of [...pod.status.initContainerStatuses, ...pod.status.containerStatuses]) {
      const logs = ['logs', '-n', namespace, name, '-c', container.name, '--timestamps', '--tail=3000']
      await keep(`pods/${name}.${container.name}.log`, kubectl(...logs))
      if (container.restartCount > 0) {
        await keep(`pods/${name}.${container.name}.previous.log`, kubectl(...logs, '--previous'))
      }
    }
  }
  for (const name of await readdir(path.join(root, LOG_FOLDER)).catch(() => [])) {
    await keep(`logs/${name}`, readFile(path.join(root, LOG_FOLDER, name), 'utf8'))
  }
  await collectDocker(keep, look, definition)
  await keep(
    'machine.txt',
    Promise.all([look(['df', '-h']), look(['free', '-m'])]).then((texts) => texts.join('\n')),
  )
}

/** Of containers that are not the stack's nothing but their line in the list. */
async function collectDocker(
  keep: (name: string, text: Promise<string>) => Promise<void>,
  look: Look,
  { k3dName, registryName }: ClusterDefinition,
): Promise<void> {
  await keep('docker/version.txt', look(['docker', 'version']))
  await keep('docker/info.txt', look(['docker', 'info']))
  await keep('docker/containers.txt', look(['docker', 'ps', '--all', '--no-trunc', '--size']))
  const filter = `label=k3d.cluster=${k3dName}`
  const nodes = await attempt(look(['docker', 'ps', '--all', '--filter', filter, '--format', '{{.Names}}']))
  const names = nodes instanceof Error ? [] : nodes.split('\n').filter((name) => /^[\w.-]+$/.test(name))
  for (const name of new Set([...names, registryName])) {
    await keep(`docker/${name}.json`, look(['docker', 'inspect', name]))
    await keep(`docker/${name}.log`, look(['docker', 'logs', '--timestamps', '--tail', '3000', name]))
  }
}

async function listPods(kubectl: (...args: readonly string[]) => Promise<string>): Promise<readonly Pod[]> {
  return Pods.parse(JSON.parse(await kubectl('get', 'pods', '--all-namespaces', '-o', 'json'))).items
}

function isWell({ status }: Pod): boolean {
  return (
    status.phase === 'Succeeded' || (status.phase === 'Running' && status.containerStatuses.every((one) => one.ready))
  )
}
