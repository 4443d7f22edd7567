import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './common.mjs'

/** A hash of everything that decides what is installed: lockfile, workspace, manifests, platform. */
export function fingerprint() {
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
