import { command, interruptible, main } from './lib/command.ts'
import { runNative } from './lib/native.ts'

const program = command('desktop', 'Open the desktop app as a native window, on the page that the stack serves').action(
  () => interruptible((signal) => runNative(($) => $`tauri dev`, signal)),
)

await main(program)
