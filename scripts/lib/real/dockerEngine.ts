import { execText } from '@nebula/stack/system/exec'
import { z } from 'zod'

const Info = z.object({
  ServerVersion: z.string(),
  Driver: z.string(),
  DriverStatus: z.array(z.array(z.string())).nullish(),
  OSType: z.string(),
  Architecture: z.string(),
})

/** What a Docker is, for a person: version, image store, architecture. */
export async function describeDocker(docker: readonly string[]): Promise<string> {
  const info = Info.parse(JSON.parse(await execText([...docker, 'info', '--format', '{{json .}}'])))
  const isContainerd = (info.DriverStatus ?? []).some(([, value]) => value?.includes('containerd.snapshotter'))
  const store = isContainerd ? "containerd's image store" : info.Driver
  return `Docker ${info.ServerVersion}, ${store}, ${info.OSType}/${info.Architecture}`
}
