import { command, main } from './lib/command.ts'
import { notYet } from './lib/notYet.ts'

const program = command(
  'bench',
  'Measure how long starting, stopping and a run through the stack take (not part of this version yet)',
).action(() => {
  throw notYet('bench')
})

await main(program)
