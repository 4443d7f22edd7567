import { z } from 'zod'
import { exec } from '../system/exec.ts'
import type { ClusterDefinition } from './definition.ts'
import { kubectl } from './kubeObjects.ts'

const KubernetesSecret = z.object({ data: z.record(z.string(), z.string()) })

/**
 * The secrets that the cluster was set up with, for a checkout that lost its own (or never had any): data in the
 * cluster is of use only with them.
 * @returns null when the cluster has none.
 */
export async function recoverSecrets(definition: ClusterDefinition): Promise<Readonly<Record<string, string>> | null> {
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
