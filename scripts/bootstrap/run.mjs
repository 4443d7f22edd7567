// What `npm run <command>` starts. Plain JavaScript for any Node.js >= 20, and no dependencies: on a fresh clone
// nothing else is here yet. It brings pnpm and the packages, then hands over to scripts/<command>.ts under the pinned
// Node.js.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Problem, root, say } from './common.mjs'
import { ensurePackages } from './packages.mjs'
import { pinnedNode } from './pinnedNode.mjs'

const [command, ...args] = process.argv.slice(2)

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof Problem)) throw error
  say(`✗ ${error.message}`)
  say(`→ ${error.hint}`)
  process.exitCode = error.exitCode
}

async function main() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Problem(`Node.js ${process.versions.node} is too old`, 'install Node.js 20 or newer')
  }
  const script = path.join(root, 'scripts', `${command}.ts`)
  if (command === undefined || !/^[a-z-]+$/.test(command) || !existsSync(script)) {
    throw new Problem(
      `there is no command "${command ?? ''}"`,
      `npm run <command>, one of: ${commands().join(', ')}`,
      2,
    )
  }
  await ensurePackages()
  return await handOver(pinnedNode(), [script, ...args])
}

function commands() {
  const files = readdirSync(path.join(root, 'scripts'))
  return files.filter((file) => file.endsWith('.ts')).map((file) => path.basename(file, '.ts'))
}

/** Runs the command with this terminal and becomes its exit code. */
async function handOver(node, argv) {
  const bin = path.join(root, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` }
  const child = spawn(node, argv, { stdio: 'inherit', env })
  // A terminal sends Ctrl-C to the child as well; `kill` reaches only this process. Passed on once each, the child
  // would take the first one twice, so what the terminal sent is left to the terminal.
  const forward = (signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)))
  })
}
