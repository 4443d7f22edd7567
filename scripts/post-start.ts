import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { waitForDocker } from '@nebula/stack/system/waitForDocker'
import { command, interruptible, main } from './lib/command.ts'
import { DOCKER_DEADLINE_MS, part, sayWhatToDo } from './lib/hook.ts'
import { runScript } from './lib/runScript.ts'

// Runs at every start of the container, after post-create too. `up` does all the healing: cluster, registry, kubeconfig,
// Tilt; where everything runs it changes nothing. No hook comes after this one, so it can end with what is the case.
const program = command('post-start', 'Devcontainer hook: bring the stack back').action(() =>
  interruptible(async (signal) => {
    const docker = await part('Docker', signal, () => waitForDocker({ deadlineMs: DOCKER_DEADLINE_MS, signal }))
    const exitCode = docker ? await runScript('up', ['--mode', 'cluster']) : ExitCode.Precondition
    signal.throwIfAborted()
    if (exitCode !== ExitCode.Green) sayWhatToDo()
    return exitCode
  }),
)

await main(program)
