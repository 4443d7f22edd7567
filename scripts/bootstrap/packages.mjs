import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { capture, interruptible } from './child.mjs'
import { BootstrapError, root, say, sayWhile } from './common.mjs'
import { withLock } from './lock.mjs'
import { cacheSettings, registrySettings } from './npm.mjs'
import { ensurePnpm } from './pnpm.mjs'

const MODULES = path.join(root, 'node_modules')
/** Written last, with the fingerprint of what was installed. */
const STAMP = path.join(MODULES, '.nebula-install')
/** With pnpm's own, a machine without a network learns so after many minutes. */
const PATIENCE = {
  pnpm_config_fetch_retries: '2',
  pnpm_config_fetch_retry_factor: '2',
  pnpm_config_fetch_retry_mintimeout: '500',
}

/** Installs the packages from the lockfile, unless what is installed is what it says. */
export async function ensurePackages() {
  const wanted = fingerprint()
  if (read(STAMP) === wanted) return
  await exclusively(async () => {
    if (read(STAMP) === wanted) return
    if (!installedByHand()) {
      const pnpm = await ensurePnpm()
      rmSync(STAMP, { force: true })
      await sayWhile('Installing packages', () => install(pnpm))
    } else if (existsSync(STAMP)) {
      // The packages may be right and pnpm another version by now; commands find it on PATH.
      await ensurePnpm()
    }
    writeFileSync(STAMP, wanted)
  })
}

/** The pinned pnpm's program, whatever is installed. */
export async function ensurePnpmOnly() {
  return await exclusively(ensurePnpm)
}

async function exclusively(action) {
  return await interruptible(() => withLock(action))
}

/** A hash of everything that decides what is installed: lockfile, workspace, manifests, platform. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...workspaceManifests()]) {
    hash.update(`${file}\n`).update(readFileSync(path.join(root, file)))
  }
  return hash.digest('hex')
}

function workspaceManifests() {
  return ['apps', 'packages'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .map((name) => path.join(folder, name, 'package.json'))
      .filter((file) => existsSync(path.join(root, file)))
      .sort(),
  )
}

/** Whether somebody ran `pnpm install` on this platform: pnpm keeps a copy of the lockfile that it installed last. */
function installedByHand() {
  const installed = path.join(MODULES, '.pnpm', 'lock.yaml')
  return (
    existsSync(path.join(MODULES, '.modules.yaml')) &&
    existsSync(platformSample()) &&
    read(installed) === read(path.join(root, 'pnpm-lock.yaml'))
  )
}

/** One package that is there only on this platform: a container may share the folder with another system. */
function platformSample() {
  const { version } = JSON.parse(read(path.join(MODULES, '@biomejs', 'biome', 'package.json')) ?? '{}')
  return path.join(MODULES, '.pnpm', `@biomejs+cli-${process.platform}-${process.arch}@${version}`)
}

async function install(pnpm) {
  // CI: no questions, as when node_modules was made by another package manager and has to go.
  const env = { ...PATIENCE, ...process.env, CI: 'true', ...cacheSettings(), ...(await registrySettings(root)) }
  // How old a release is was looked at when it got into the lockfile, which pins its content: asking the registry again
  // about every package takes longer than the installation.
  const frozen = ['install', '--frozen-lockfile', '--config.minimumReleaseAge=0']
  // Without this, pnpm asks the registry about every package in the lockfile even when its store holds them all.
  if ((await capture(pnpm, [...frozen, '--offline'], { cwd: root, env })).code === 0) return
  const { code, output } = await capture(pnpm, frozen, { cwd: root, env })
  if (code === 0) return
  say(`\n${output}`)
  if (/OUTDATED_LOCKFILE/.test(output)) {
    throw new BootstrapError('pnpm-lock.yaml does not fit a package.json', 'npm run pnpm -- install')
  }
  throw new BootstrapError(
    `the packages could not be installed: pnpm ended with ${code}, see above`,
    'npm run pnpm -- install --frozen-lockfile',
  )
}

function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
