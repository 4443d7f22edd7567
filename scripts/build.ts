import { command, interruptible, main } from './lib/command.ts'
import { runSteps } from './lib/steps.ts'

const program = command('build', 'Build every package that has something to build').action(() =>
  interruptible((signal) => runSteps({ Build: ($) => $`turbo run build --output-logs=errors-only` }, signal)),
)

await main(program)
