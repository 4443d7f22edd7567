import { z } from 'zod'
import type { Secrets } from '../secrets/secrets.ts'
import { exec, execText } from '../system/exec.ts'
import { parseJson } from '../system/text.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl } from './kubeObjects.ts'

/** Its name in the cluster, which the manifests have too. */
export const SECRET = 'nebula-secrets'
const KubernetesSecret = z.object({
  data: z.record(z.string(), z.string()),
  metadata: z.object({ creationTimestamp: z.string() }),
})
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

/** What the services in the cluster have their secrets from. */
export interface ClusterSecret {
  /** Without the name of Convex' instance, which is no secret. */
  readonly values: Readonly<Record<string, string>>
  /** When it was made, ISO 8601. */
  readonly since: string
}

/** @returns null when no secrets were handed to the cluster. */
export async function clusterSecret(definition: ClusterDefinition): Promise<ClusterSecret | null> {
  const argv = [...kubectl(definition), 'get', 'secret', SECRET, '-o', 'json', '--ignore-not-found']
  const found = await exec(argv)
  if (found.exitCode !== 0 || found.stdout.trim() === '') return null
  const { data, metadata } = KubernetesSecret.parse(JSON.parse(found.stdout))
  const values = Object.entries(data).map(
    ([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')] as const,
  )
  return { values: Object.fromEntries(values), since: metadata.creationTimestamp }
}

async function secretsOfCluster(definition: ClusterDefinition): Promise<Readonly<Record<string, string>> | null> {
  const name = ['get', 'configmap', 'nebula-settings', '-o', 'jsonpath={.data.convex-instance-name}']
  const [secret, instance] = await Promise.all([
    clusterSecret(definition),
    exec([...kubectl(definition), ...name, '--ignore-not-found']),
  ])
  if (!secret) return null
  return instance.stdout === '' ? secret.values : { ...secret.values, convexInstanceName: instance.stdout }
}
