import { ExitCode } from '@nebula/stack/errors/exitCodes'
import { command, interruptible, main } from './lib/command.ts'
import { pageSettings, runNative } from './lib/native.ts'

const program = command('desktop-build', 'Build the desktop app as a native program')
  .option('--no-bundle', 'the program alone, without an installer')
  .action((options) =>
    interruptible(async (signal) => {
      const page = await runNative(($) => $`vite build`, signal, pageSettings)
      if (page !== ExitCode.Green) return page
      return await runNative(($) => $`tauri build ${options.bundle ? [] : ['--no-bundle']}`, signal)
    }),
  )

await main(program)
