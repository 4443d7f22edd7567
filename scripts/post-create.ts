import { readFile } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { logInToDockerHub } from '@nebula/stack/devcontainer/dockerHubLogin'
import { ownVolumes } from '@nebula/stack/devcontainer/ownVolumes'
import { HISTORY_FOLDER, keepShellHistory } from '@nebula/stack/devcontainer/shellHistory'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { waitForDocker } from '@nebula/stack/system/waitForDocker'
import { command, interruptible, main } from './lib/command.ts'
import { DOCKER_DEADLINE_MS, part, sayWhatToDo } from './lib/hook.ts'
import { runScript } from './lib/runScript.ts'

// Runs once in a new container, with its user. Ends with 0 whatever became of the stack: post-start comes right after it,
// tries again, and its exit code says how it ended.
const program = command('post-create', 'Devcontainer hook: set up the user, start the stack').action(() =>
  interruptible(async (signal) => {
    await part('Volumes', signal, takeVolumes)
    await part('Shell history', signal, keepHistory)
    const docker = await part('Docker', signal, () => waitForDocker({ deadlineMs: DOCKER_DEADLINE_MS, signal }))
    if (docker) await part('Docker Hub', signal, () => logInToDockerHub(process.env))
    const isUp = docker && (await runScript('up', ['--mode', 'cluster'])) === ExitCode.Green
    signal.throwIfAborted()
    if (!isUp) sayWhatToDo()
    return ExitCode.Green
  }),
)

async function takeVolumes(): Promise<string> {
  const { uid, gid } = userInfo()
  const mounts = await readFile('/proc/mounts', 'utf8')
  const taken = await ownVolumes({ mounts, home: homedir(), others: [HISTORY_FOLDER], uid, gid })
  return taken.length > 0 ? `now the user's: ${taken.join(', ')}` : "are the user's"
}

async function keepHistory(): Promise<string> {
  const changed = await keepShellHistory(homedir())
  return changed ? `kept in ${HISTORY_FOLDER} from the next shell on` : 'nothing to change'
}

await main(program)
