import { z } from 'zod'
import type { Secrets } from '../secrets/secrets.ts'
import { exec, execText } from '../system/exec.ts'
import { parseJson } from '../system/text.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl } from './kubeObjects.ts'

const KubernetesSecret = z.object({ data: z.record(z.string(), z.string()) })
const Kept = z.record(z.string(), z.string())

/**
 * The secrets that the stack was set up with, for a checkout that lost its own (or never had any): its data is of use
 * only with them.
 * @returns null when neither the cluster nor the volume with the data has any.
 */
export async function recoverSecrets(definition: ClusterDefinition): Promise<Readonly<Record<string, string>> | null> {
  return (await secretsOfCluster(definition)) ?? (await keptSecrets(definition))
}

/**
 * Puts the secrets beside the data that they belong to, where only root of the node reads them: both outlive the cluster.
 * @throws NebulaError when the node does not do as told.
 */
export async function keepSecrets(definition: ClusterDefinition, secrets: Secrets): Promise<void> {
  const file = fileOf(definition)
  const write = `umask 077 && cat > '${file}.new' && mv '${file}.new' '${file}'`
  await execText(['docker', 'exec', '--interactive', definition.node, 'sh', '-c', write], {
    input: JSON.stringify(secrets),
  })
}

async function keptSecrets(definition: ClusterDefinition): Promise<Readonly<Record<string, string>> | null> {
  const read = await exec(['docker', 'exec', definition.node, 'cat', fileOf(definition)])
  return read.exitCode === 0 ? (Kept.safeParse(parseJson(read.stdout)).data ?? null) : null
}

function fileOf({ data }: ClusterDefinition): string {
  return `${data.path}/secrets.json`
}

/**
 * The secrets that the services in the cluster have.
 * @returns null when none were handed to it.
 */
export async function secretsOfCluster(
  definition: ClusterDefinition,
): Promise<Readonly<Record<string, string>> | null> {
  const get = [...kubectl(definition), 'get']
  const [secret, instance] = await Promise.all([
    exec([...get, 'secret', 'nebula-secrets', '-o', 'json', '--ignore-not-found']),
    exec([...get, 'configmap', 'nebula-settings', '-o', 'jsonpath={.data.convex-instance-name}', '--ignore-not-found']),
  ])
  if (secret.exitCode !== 0 || secret.stdout.trim() === '') return null
  const { data } = KubernetesSecret.parse(JSON.parse(secret.stdout))
  const recovered = Object.entries(data).map(
    ([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')] as const,
  )
  if (instance.stdout !== '') recovered.push(['convexInstanceName', instance.stdout])
  return Object.fromEntries(recovered)
}
