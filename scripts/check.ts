import { command, interruptible, main } from './lib/command.ts'
import { runSteps } from './lib/steps.ts'

const program = command('check', 'Types of everything, style, and code that nothing uses').action(() =>
  interruptible((signal) =>
    runSteps(
      {
        'Types of the packages': ($) => $`turbo run check --output-logs=errors-only`,
        'Types of scripts, tests': ($) => $`tsc -p .`,
        Style: ($) => $`biome check`,
        'Unused code': ($) => $`knip --no-progress`,
      },
      signal,
    ),
  ),
)

await main(program)
