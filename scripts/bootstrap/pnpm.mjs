import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { BootstrapError, root, say, sayWhile, stateFolder } from './common.mjs'
import { npm } from './npm.mjs'

const TOOLS = path.join(stateFolder, 'tools')
const MAKING = 'making-'
/** pnpm is a native program, in a package of its own for every platform. */
const PACKAGE = `@pnpm/exe.${process.platform}-${process.arch}`
/** npm says what is wrong first, and then a page of help. */
const MESSAGE_LINES = 8

/** The pinned pnpm's program, brought with npm where it is not here yet. Call it while holding the lock. */
export async function ensurePnpm() {
  return program(folder()) ?? (await sayWhile(`Getting pnpm ${version()}`, getPnpm))
}

/** The folder of the pinned pnpm's program, if it was brought before. */
export function pnpmFolder() {
  const file = program(folder())
  return file && path.dirname(file)
}

async function getPnpm() {
  mkdirSync(TOOLS, { recursive: true })
  // What was killed half-way left these.
  for (const name of readdirSync(TOOLS)) {
    if (name.startsWith(MAKING)) rmSync(path.join(TOOLS, name), { recursive: true, force: true })
  }
  const making = mkdtempSync(path.join(TOOLS, MAKING))
  try {
    writeProject(making)
    const { code, output } = await npm(['ci', '--ignore-scripts'], making)
    if (code !== 0 || !program(making)) {
      say(`\n${output.split('\n').slice(0, MESSAGE_LINES).join('\n')}`)
      throw new BootstrapError(`npm could not get pnpm ${version()} for this platform: ${PACKAGE}`, 'npm ping')
    }
    // Renamed as a whole, last: a half-made one is never used.
    rmSync(folder(), { recursive: true, force: true })
    renameSync(making, folder())
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return program(folder())
}

/**
 * Writes a project for npm that needs this platform's package. The hashes are in pnpm/package-lock.json: ours, not the
 * registry's. There every platform's package is optional, and npm is silent when it cannot get an optional one; so here
 * it is a plain dependency.
 */
function writeProject(making) {
  const lock = JSON.parse(readFileSync(new URL('pnpm/package-lock.json', import.meta.url), 'utf8'))
  const { optional, ...locked } = lockedPackage(lock)
  const project = { name: lock.name, private: true, dependencies: { [PACKAGE]: version() } }
  const packages = { '': project, [`node_modules/${PACKAGE}`]: locked }
  writeFileSync(path.join(making, 'package.json'), JSON.stringify(project))
  writeFileSync(path.join(making, 'package-lock.json'), JSON.stringify({ ...lock, packages }))
}

/** Without a hash npm would take whatever the registry gives, and this program is run. */
function lockedPackage(lock) {
  const locked = lock.packages[`node_modules/${PACKAGE}`]
  if (locked?.version === version() && /^sha512-[\w+/]{86}==$/.test(locked.integrity)) return locked
  throw new BootstrapError(
    `no hash is known for ${PACKAGE} ${version()}, so it is not run`,
    locked
      ? `give package.json's packageManager the version of scripts/bootstrap/pnpm/package-lock.json, or lock that one`
      : 'use the devcontainer, or lock it: add it to package.json and package-lock.json in scripts/bootstrap/pnpm',
  )
}

/** The version that package.json's `packageManager` names. */
function version() {
  const { packageManager } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return packageManager.replace(/^pnpm@/, '').replace(/\+.*/, '')
}

function folder() {
  return path.join(TOOLS, `pnpm-${version()}`)
}

function program(inside) {
  const name = process.platform === 'win32' ? 'pnpm.exe' : 'pnpm'
  const file = path.join(inside, 'node_modules', PACKAGE, name)
  return existsSync(file) ? file : undefined
}
