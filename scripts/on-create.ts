import { logInToDockerHub } from '@nebula/stack/devcontainer/dockerHubLogin'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { expBackoff, retry } from 'zx'
import { DOCKER_TRIES, dockerVersion, hook, note, step } from './lib/hook.ts'

// Runs when a container is new, and in a codespace's prebuild: no user. The bootstrap has installed the
// packages by now. Everything else is only to make the first start faster, so nothing of it fails the container.
await hook('on-create', 'get the images', async (signal) => {
  const docker = await step('Docker', async () => await retry(DOCKER_TRIES, expBackoff('2s', '200ms'), dockerVersion))
  // A prebuild has the secrets of the repository, not those of a user.
  if (docker) await step('Docker Hub', () => logInToDockerHub(process.env))
  if (docker) await step('Images', () => pull(signal))
  return ExitCode.Green
})

async function pull(signal: AbortSignal): Promise<string> {
  // Only now: they take longer to load than Docker to answer.
  const { openCluster } = await import('./lib/stack.ts')
  const { allImages } = await import('@nebula/stack/cluster/images')
  const { bringImages } = await import('@nebula/stack/cluster/bringImages')
  const { root, definition } = await openCluster()
  const images = await allImages(root, definition)
  const options = { signal, onPull: (image: string) => note(`pulling ${image}`) }
  const { present, pulled, failed, recorded } = await bringImages(root, images, options)
  const parts = [
    pulled.length > 0 ? `${pulled.length} pulled` : '',
    present.length > 0 ? `${present.length} were there` : '',
    Object.keys(recorded).length > 0 ? 'digests recorded in infra/images.lock.json' : '',
    failed.length > 0 ? `${failed.length} could not be pulled; the first start tries again` : '',
  ]
  const reasons = failed.map(({ image, reason }) => `\n  ${image}: ${reason}`)
  return `${parts.filter(Boolean).join(', ')}${reasons.join('')}`
}
