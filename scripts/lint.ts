import { command, interruptible, main } from './lib/command.ts'
import { runSteps } from './lib/steps.ts'

const program = command('lint', 'Check the style: formatting, imports, likely mistakes')
  .option('--fix', 'repair what can be repaired safely')
  .action((options) =>
    interruptible((signal) => runSteps({ Style: ($) => $`biome check ${options.fix ? ['--write'] : []}` }, signal)),
  )

await main(program)
