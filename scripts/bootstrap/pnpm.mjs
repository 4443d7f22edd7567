import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Problem, root, say } from './common.mjs'

// package-lock.json beside package.json holds the hashes that npm checks pnpm against: ours, not the registry's.
const LOCKED = path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), 'pnpm')
/** npm says what is wrong first, and then a page of help. */
const MESSAGE_LINES = 8
const TOOLS = path.join(root, '.nebula', 'tools')

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
  const scope = path.join(inside, 'node_modules', '@pnpm')
  const file = path.join(
    scope,
    `exe.${process.platform}-${process.arch}`,
    process.platform === 'win32' ? 'pnpm.exe' : 'pnpm',
  )
  return existsSync(file) ? file : undefined
}

function platformPackage() {
  return `@pnpm/exe.${process.platform}-${process.arch}@${version()}`
}

/** Whether the pinned pnpm was brought before. */
export function pnpmIsHere() {
  return program(folder()) !== undefined
}

/** Brings the pinned pnpm with npm, once, and returns its program. */
export function ensurePnpm() {
  const here = program(folder())
  if (here) return here
  mkdirSync(TOOLS, { recursive: true })
  const making = mkdtempSync(path.join(TOOLS, 'making-'))
  try {
    cpSync(LOCKED, making, { recursive: true })
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], making)
    // The lock holds Linux; elsewhere npm checks against the registry's own hash.
    if (!program(making))
      npm(['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', platformPackage()], making)
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

function npm(args, cwd) {
  // Under `npm run` this is npm itself, as JavaScript; otherwise the one on PATH.
  const script = process.env.npm_execpath
  const isNpm = script !== undefined && path.basename(script) === 'npm-cli.js'
  const [file, ...first] = isNpm ? [process.execPath, script] : [process.platform === 'win32' ? 'npm.cmd' : 'npm']
  const result = spawnSync(file, [...first, ...args], { cwd, encoding: 'utf8', shell: process.platform === 'win32' })
  if (result.status === 0) return
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`.trim().split('\n')
  say(said.slice(0, MESSAGE_LINES).join('\n'))
  throw new Problem(`npm could not get pnpm ${version()} (see above)`, 'npm ping')
}
