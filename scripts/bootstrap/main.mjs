// Brings pnpm and the packages, then hands over to scripts/<command>.ts under the pinned Node.js. It says a word only
// when it does something. What can be set:
//   NEBULA_NODE          the Node.js that commands run under, instead of the pinned one
//   NEBULA_SKIP_INSTALL  take the packages as they are, whatever the lockfile says
// Registry, proxy and certificates are npm's own settings; nothing is added to them.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { handOver } from './child.mjs'
import { Problem, root, say } from './common.mjs'
import { ensurePackages, ensurePnpmOnly } from './packages.mjs'
import { pinnedNode } from './pinnedNode.mjs'
import { pnpmFolder } from './pnpm.mjs'

/** Runs `[command, ...args]` and sets the exit code. */
export async function main([command, ...args]) {
  try {
    process.exitCode = await run(command, args)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.message) say(`✗ ${error.message}`)
    if (error.hint) say(`→ ${error.hint}`)
    process.exitCode = error.exitCode
  }
}

async function run(command, args) {
  if (command === 'pnpm') return await handOver(await ensurePnpmOnly(), args, environment())
  const script = path.join(root, 'scripts', `${command}.ts`)
  if (command === undefined || !/^[a-z-]+$/.test(command) || !existsSync(script)) {
    const what = command === undefined ? 'no command was named' : `there is no command "${command}"`
    throw new Problem(what, `npm run <command>, one of: ${commands().join(', ')}`, 2)
  }
  if (!process.env.NEBULA_SKIP_INSTALL) await ensurePackages()
  return await handOver(process.env.NEBULA_NODE || pinnedNode(), [script, ...args], environment())
}

/** The repository's own tools come first on PATH; turbo wants pnpm there. */
function environment() {
  const folders = [path.join(root, 'node_modules', '.bin'), pnpmFolder(), process.env.PATH]
  return { ...process.env, PATH: folders.filter(Boolean).join(path.delimiter) }
}

function commands() {
  const files = readdirSync(path.join(root, 'scripts')).filter((file) => file.endsWith('.ts'))
  return [...files.map((file) => path.basename(file, '.ts')), 'pnpm'].sort()
}
