import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Problem, root, say, seconds } from './common.mjs'
import { withLock } from './lock.mjs'
import { ensurePnpm, pnpmIsHere } from './pnpm.mjs'

const STAMP = path.join(root, 'node_modules', '.nebula-install')

/** Installs the packages from the lockfile, unless what is installed is what it says. */
export async function ensurePackages() {
  const wanted = fingerprint()
  if (isInstalled(wanted)) return
  await withLock(async () => {
    if (isInstalled(wanted)) return
    if (!pnpmIsHere()) say('Getting pnpm …')
    const pnpm = ensurePnpm()
    const start = Date.now()
    say('Installing packages …')
    install(pnpm)
    writeFileSync(STAMP, wanted)
    say(`Packages installed in ${seconds(Date.now() - start)}`)
  })
}

function install(pnpm) {
  // CI: no prompts, as when node_modules was made by another package manager and has to go.
  const env = { ...process.env, CI: 'true' }
  const result = spawnSync(pnpm, ['install', '--frozen-lockfile'], { cwd: root, env, encoding: 'utf8' })
  if (result.status === 0) return
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`
  say(output.trim())
  if (/OUTDATED_LOCKFILE/.test(output)) {
    throw new Problem('pnpm-lock.yaml does not fit a package.json', `"${pnpm}" install`)
  }
  throw new Problem('the packages could not be installed (see above)', `"${pnpm}" install --frozen-lockfile`)
}

function isInstalled(wanted) {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted
}

/** Of everything that decides what is installed: lockfile, workspace, manifests, platform. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', ...workspaceManifests()]
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(path.join(root, file)))
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

mkdirSync(path.join(root, '.nebula'), { recursive: true })
