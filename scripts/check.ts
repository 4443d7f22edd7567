import { command, interruptible, main } from './lib/command.ts'
import { runSteps } from './lib/steps.ts'

const program = command('check', 'Types of everything, style, and code that nothing uses').action(() =>
  interruptible((signal) =>
    runSteps(
      [
        { title: 'Types of the packages', argv: ['turbo', 'run', 'check', '--output-logs=errors-only'] },
        { title: 'Types of scripts, tests', argv: ['tsc', '-p', '.'] },
        { title: 'Style', argv: ['biome', 'check'] },
        { title: 'Unused code', argv: ['knip', '--no-progress'] },
      ],
      signal,
    ),
  ),
)

await main(program)
