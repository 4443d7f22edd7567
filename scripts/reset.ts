import { createInterface } from 'node:readline/promises'
import { deleteCluster } from '@nebula/stack/cluster/down'
import { NebulaError } from '@nebula/stack/errors'
import { ExitCode } from '@nebula/stack/exitCodes'
import { acquireLock } from '@nebula/stack/lock'
import { command, interruptible, main } from './lib/command.ts'
import { chooseRenderer } from './lib/render/choose.ts'
import { runScript } from './lib/runScript.ts'
import { openCluster } from './lib/stack.ts'

const program = command('reset', 'Delete the stack with all its data, and start it again from nothing')
  .option('--yes', 'do not ask')
  .option('--no-up', 'delete only')
  .option('--quiet', 'show errors only')
  .action((options) => interruptible((signal) => reset(options, signal)))

async function reset(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode | undefined> {
  const context = await openCluster()
  if (!options.yes && !(await confirm(context.definition.context, signal))) return ExitCode.Failed
  {
    await using _ = await acquireLock(context.root, 'reset')
    const renderer = chooseRenderer(context.catalogue, { json: false, quiet: options.quiet === true })
    try {
      await deleteCluster(context, renderer.onEvent)
    } finally {
      renderer.stop()
    }
  }
  if (!options.up) return ExitCode.Green
  return await runScript('up', ['--mode', 'cluster', ...(options.quiet ? ['--quiet'] : [])])
}

async function confirm(cluster: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new NebulaError(`reset deletes the cluster ${cluster} and all data in it, and there is nobody to ask`, {
      code: 'CONFIRMATION_NEEDED',
      hint: 'npm run reset -- --yes',
      exitCode: ExitCode.Usage,
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`Delete the cluster ${cluster} and all data in it? [y/N] `, { signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

await main(program)
