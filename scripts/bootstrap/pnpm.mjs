import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Problem, root, say, sayWhile, stateFolder } from './common.mjs'
import { npm } from './npm.mjs'

// package-lock.json beside package.json holds the hashes that npm checks pnpm against: ours, not the registry's.
const LOCKED = fileURLToPath(new URL('pnpm', import.meta.url))
const TOOLS = path.join(stateFolder, 'tools')
const MAKING = 'making-'
/** npm says what is wrong first, and then a page of help. */
const MESSAGE_LINES = 8
// A person may have told npm to leave optional packages out; pnpm is one, because it differs by platform.
const WANTED = ['--ignore-scripts', '--include=optional']

/** The pinned pnpm's program, brought with npm where it is not here yet. Call it while holding the lock. */
export async function ensurePnpm() {
  return program(folder()) ?? (await sayWhile(`Getting pnpm ${version()}`, getPnpm))
}

async function getPnpm() {
  mkdirSync(TOOLS, { recursive: true })
  // What was killed half-way left these.
  for (const name of readdirSync(TOOLS)) {
    if (name.startsWith(MAKING)) rmSync(path.join(TOOLS, name), { recursive: true, force: true })
  }
  const making = mkdtempSync(path.join(TOOLS, MAKING))
  try {
    cpSync(LOCKED, making, { recursive: true })
    await succeed(['ci', ...WANTED], making)
    // The lock holds Linux; elsewhere npm checks against the registry's own hash.
    if (!program(making)) await succeed(['install', '--no-save', ...WANTED, platformPackage()], making)
    // Renamed as a whole, last: a half-made one is never used.
    rmSync(folder(), { recursive: true, force: true })
    renameSync(making, folder())
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  const made = program(folder())
  if (made) return made
  throw new Problem(
    `pnpm ${version()} has no program for ${process.platform} on ${process.arch}`,
    'use Linux, macOS or Windows on x64 or arm64',
  )
}

async function succeed(args, cwd) {
  const { code, output } = await npm(args, cwd)
  if (code === 0) return
  say(`\n${output.split('\n').slice(0, MESSAGE_LINES).join('\n')}`)
  throw new Problem(`npm could not get pnpm ${version()}: it ended with ${code}, see above`, 'npm ping')
}

/** The version that package.json's `packageManager` names. */
function version() {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return packageManager.replace(/^pnpm@/, '').replace(/\+.*/, '')
}

function folder() {
  return path.join(TOOLS, `pnpm-${version()}`)
}

/** pnpm is a native program, in a package of its own for every platform. */
function program(inside) {
  const scope = path.join(inside, 'node_modules', '@pnpm', `exe.${process.platform}-${process.arch}`)
  const file = path.join(scope, process.platform === 'win32' ? 'pnpm.exe' : 'pnpm')
  return existsSync(file) ? file : undefined
}

function platformPackage() {
  return `@pnpm/exe.${process.platform}-${process.arch}@${version()}`
}
