import { command, main } from './lib/command.ts'
import { notYet } from './lib/notYet.ts'

const program = command('desktop-build', 'Build the desktop app (not part of this version yet)').action(() => {
  throw notYet('desktop-build')
})

await main(program)
