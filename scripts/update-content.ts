import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { $, expBackoff, retry } from 'zx'
import { DOCKER_TRIES, dockerVersion, hook, step } from './lib/hook.ts'

// Runs after on-create, and again in a codespace's prebuild whenever the branch moved on. The bootstrap has brought the
// packages to what the lockfile says. The image is built for its layers alone: Tilt finds them in Docker's cache.
await hook('update-content', 'build what the first start needs', async () => {
  const docker = await step('Docker', async () => await retry(DOCKER_TRIES, expBackoff('2s', '200ms'), dockerVersion))
  if (docker) await step('Worker image', build)
  return ExitCode.Green
})

async function build(): Promise<string> {
  const flags = ['--quiet', '--file', 'apps/worker/Dockerfile', '--target', 'development']
  await $({ timeout: '15m', quiet: true })`docker build ${flags} --tag nebula-worker:prebuilt .`
  return 'built'
}
