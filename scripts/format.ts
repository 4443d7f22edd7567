import { command, interruptible, main } from './lib/command.ts'
import { runSteps } from './lib/steps.ts'

const program = command('format', 'Format every file')
  .option('--check', 'change nothing; fail when a file is not formatted')
  .action((options) =>
    interruptible((signal) => runSteps({ Format: ($) => $`biome format ${options.check ? [] : ['--write']}` }, signal)),
  )

await main(program)
