import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { execText } from '@nebula/stack/system/exec'
import { waitForDocker } from '@nebula/stack/system/waitForDocker'
import { command, interruptible, main } from './lib/command.ts'
import { DOCKER_DEADLINE_MS, part } from './lib/hook.ts'
import { openStack } from './lib/stack.ts'

const BUILD_TIMEOUT_MS = 900_000

// Runs after on-create, and again in a codespace's prebuild whenever the branch moved on. The bootstrap has brought the
// packages to what the lockfile says. The image is built for its layers alone: Tilt finds them in Docker's cache.
const program = command('update-content', 'Devcontainer hook: build what the first start needs').action(() =>
  interruptible(async (signal) => {
    const docker = await part('Docker', signal, () => waitForDocker({ deadlineMs: DOCKER_DEADLINE_MS, signal }))
    if (docker) await part('Worker image', signal, () => buildWorker(signal))
    return ExitCode.Green
  }),
)

async function buildWorker(signal: AbortSignal): Promise<string> {
  const { root } = await openStack()
  const argv = ['docker', 'build', '--quiet', '--file', 'apps/worker/Dockerfile', '--target', 'development']
  await execText([...argv, '--tag', 'nebula-worker:prebuilt', '.'], { cwd: root, timeoutMs: BUILD_TIMEOUT_MS, signal })
  return 'built'
}

await main(program)
