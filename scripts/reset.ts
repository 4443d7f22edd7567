import { createInterface } from 'node:readline/promises'
import { acquireLock } from '@nebula/stack/checkout/lock'
import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { NebulaError } from '@nebula/stack/errors/nebulaError'
import { command, interruptible, main } from './lib/command.ts'
import { chooseRenderer } from './lib/render/choose.ts'
import { runScript } from './lib/runScript.ts'
import { openDriver } from './lib/stack.ts'

const program = command('reset', 'Delete the stack with all its data, and start it again from nothing')
  .option('--mode <mode>', 'cluster, embedded, or auto: what runs (NEBULA_MODE)')
  .option('--yes', 'do not ask')
  .option('--no-up', 'delete only')
  .option('--quiet', 'show errors only')
  .action((options) => interruptible((signal) => reset(options, signal)))

async function reset(options: ReturnType<typeof program.opts>, signal: AbortSignal): Promise<ExitCode | undefined> {
  const { root, driver } = await openDriver(options.mode)
  if (!options.yes && !(await confirm(driver.data, signal))) return ExitCode.Failed
  {
    await using _ = await acquireLock(root, 'reset')
    const renderer = chooseRenderer(driver.catalogue, { json: false, quiet: options.quiet === true })
    try {
      await driver.erase(renderer.onEvent)
    } finally {
      renderer.stop()
    }
  }
  if (!options.up) return ExitCode.Green
  return await runScript('up', ['--mode', driver.mode, ...(options.quiet ? ['--quiet'] : [])])
}

async function confirm(data: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new NebulaError(`reset deletes ${data}, and there is nobody to ask`, {
      code: 'CONFIRMATION_NEEDED',
      hint: 'npm run reset -- --yes',
      exitCode: ExitCode.Usage,
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`Delete ${data}? [y/N] `, { signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    terminal.close()
  }
}

await main(program)
