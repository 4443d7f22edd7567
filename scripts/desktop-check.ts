import { command, interruptible, main } from './lib/command.ts'
import { runNative } from './lib/native.ts'

const program = command('desktop-check', "Check the native part of the desktop app with Rust's compiler").action(() =>
  interruptible((signal) => runNative(($) => $`cargo check --locked --manifest-path src-tauri/Cargo.toml`, signal)),
)

await main(program)
