import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { expBackoff, retry } from 'zx'
import { DOCKER_TRIES, dockerVersion, hook, sayWhatToDo, startOrSayWhatToDo, step } from './lib/hook.ts'

// Runs at every start of the container, after post-create too. `up` does all the healing: cluster, registry, kubeconfig,
// Tilt; where everything runs it changes nothing. No hook comes after this one, so it can end with what is the case.
await hook('post-start', 'bring the stack back', async (signal) => {
  const docker = await step('Docker', async () => await retry(DOCKER_TRIES, expBackoff('2s', '200ms'), dockerVersion))
  if (docker) return await startOrSayWhatToDo(() => up(signal))
  sayWhatToDo()
  return ExitCode.Precondition
})

async function up(signal: AbortSignal): Promise<ExitCode> {
  // Only now: they take longer to load than Docker to answer.
  const { openCheckout } = await import('./lib/stack.ts')
  const { start } = await import('./lib/start.ts')
  const stack = await openCheckout('cluster')
  return await start(stack, { signal }, (options) => stack.driver.up(options))
}
