import { allImages } from '@nebula/stack/cluster/images'
import { type PullResult, pullImages } from '@nebula/stack/cluster/pullImages'
import { logInToDockerHub } from '@nebula/stack/devcontainer/dockerHubLogin'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { waitForDocker } from '@nebula/stack/system/waitForDocker'
import { command, interruptible, main } from './lib/command.ts'
import { DOCKER_DEADLINE_MS, part } from './lib/hook.ts'
import { openCluster } from './lib/stack.ts'

// Runs when a container is new, and in a codespace's prebuild: no user. The bootstrap has installed the
// packages by now. Everything else is only to make the first start faster, so nothing of it fails the container.
const program = command('on-create', 'Devcontainer hook: get the images').action(() =>
  interruptible(async (signal) => {
    const docker = await part('Docker', signal, () => waitForDocker({ deadlineMs: DOCKER_DEADLINE_MS, signal }))
    // A prebuild has the secrets of the repository, not those of a user.
    if (docker) await part('Docker Hub', signal, () => logInToDockerHub(process.env))
    if (docker) await part('Images', signal, () => getImages(signal))
    return ExitCode.Green
  }),
)

async function getImages(signal: AbortSignal): Promise<string> {
  const { root, definition } = await openCluster()
  const onPull = (image: string) => void process.stderr.write(`  pulling ${image}\n`)
  return describe(await pullImages(await allImages(root, definition), { signal, onPull }))
}

function describe({ present, pulled, failed }: PullResult): string {
  const parts = [
    pulled.length > 0 ? `${pulled.length} pulled` : '',
    present.length > 0 ? `${present.length} were there` : '',
    failed.length > 0 ? `${failed.length} could not be pulled; the first start tries again` : '',
  ]
  const reasons = failed.map(({ image, reason }) => `\n  ${image}: ${reason}`)
  return `${parts.filter(Boolean).join(', ')}${reasons.join('')}`
}

await main(program)
