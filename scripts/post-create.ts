import { logInToDockerHub } from '@nebula/stack/devcontainer/dockerHubLogin'
import { ownVolumes } from '@nebula/stack/devcontainer/ownVolumes'
import { HISTORY_FOLDER, keepShellHistory } from '@nebula/stack/devcontainer/shellHistory'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { expBackoff, fs, os, retry } from 'zx'
import { DOCKER_TRIES, dockerVersion, hook, sayWhatToDo, startOrSayWhatToDo, step } from './lib/hook.ts'

// Runs once in a new container, with its user. Ends with 0 whatever became of the stack: post-start comes right after it,
// tries again, and its exit code says how it ended.
await hook('post-create', 'set up the user, apply the cluster, start Tilt', async (signal) => {
  await step('Volumes', takeVolumes)
  await step('Shell history', keepHistory)
  const docker = await step('Docker', async () => await retry(DOCKER_TRIES, expBackoff('2s', '200ms'), dockerVersion))
  if (docker) await step('Docker Hub', () => logInToDockerHub(process.env))
  if (docker) await startOrSayWhatToDo(() => startStack(signal))
  else sayWhatToDo()
  return ExitCode.Green
})

/** `up`, part by part: each says on a line of its own how it goes. */
async function startStack(signal: AbortSignal): Promise<ExitCode> {
  // Only now: they take longer to load than everything above.
  const { openCluster, openCheckout } = await import('./lib/stack.ts')
  const { applyCluster, startTilt, waitForServices } = await import('@nebula/stack/cluster/up')
  const { start } = await import('./lib/start.ts')
  const cluster = await openCluster()
  return await start(await openCheckout('cluster'), { signal }, async (options) => {
    await applyCluster(cluster, options)
    await startTilt(cluster, options)
    return await waitForServices(cluster, options)
  })
}

async function takeVolumes(): Promise<string> {
  const { uid, gid } = os.userInfo()
  const mounts = await fs.readFile('/proc/mounts', 'utf8')
  const taken = await ownVolumes({ mounts, home: os.homedir(), others: [HISTORY_FOLDER], uid, gid })
  return taken.length > 0 ? `now the user's: ${taken.join(', ')}` : "are the user's"
}

async function keepHistory(): Promise<string> {
  const changed = await keepShellHistory(os.homedir())
  return changed ? `kept in ${HISTORY_FOLDER} from the next shell on` : 'nothing to change'
}
