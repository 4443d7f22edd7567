// Brings pnpm and the packages, then hands over to scripts/<command>.ts under the pinned Node.js. It says a word only
// when it does something. What can be set:
//   NEBULA_NODE          the Node.js that commands run under, instead of the pinned one
//   NEBULA_SKIP_INSTALL  take the packages as they are, whatever the lockfile says
// Registry, proxy and certificates are npm's own settings; nothing is added to them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { handOver } from './child.mjs'
import { BootstrapError, root, say } from './common.mjs'
import { ensurePackages, ensurePnpmOnly } from './packages.mjs'
import { pnpmFolder } from './pnpm.mjs'

/** Runs `[command, ...args]` and sets the exit code. */
export async function main([command, ...args]) {
  try {
    process.exitCode = await run(command, args)
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error
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
    throw new BootstrapError(what, `npm run <command>, one of: ${commands().join(', ')}`, 2)
  }
  if (!process.env.NEBULA_SKIP_INSTALL) await ensurePackages()
  return await handOver(process.env.NEBULA_NODE || pinnedNode(), [script, ...args], environment())
}

/**
 * The Node.js that commands run under: the one that package.json pins, or, where npm carries none for this platform,
 * the machine's own if it is new enough.
 */
function pinnedNode() {
  const isWindows = process.platform === 'win32'
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
  const pinned = path.join(root, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
  if (existsSync(pinned)) return pinned
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  if (optionalDependencies[name]) {
    throw new BootstrapError(`node_modules/${name} is missing`, 'npm run pnpm -- install --frozen-lockfile --force')
  }
  const major = Number(Object.values(optionalDependencies)[0].split('.')[0])
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath
  throw new BootstrapError(
    `npm carries no Node.js ${major} for ${process.platform} on ${process.arch}, and this one is ${process.versions.node}`,
    `install Node.js ${major}, or set NEBULA_NODE to one`,
  )
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
