import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Problem, root } from './common.mjs'

/**
 * The Node.js that commands run under: the one that package.json pins, or, where npm carries none for this platform,
 * the machine's own if it is new enough.
 */
export function pinnedNode() {
  const isWindows = process.platform === 'win32'
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
  const pinned = path.join(root, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node')
  if (existsSync(pinned)) return pinned
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  if (optionalDependencies[name]) {
    throw new Problem(`node_modules/${name} is missing`, 'npm run pnpm -- install --frozen-lockfile --force')
  }
  const major = Number(Object.values(optionalDependencies)[0].split('.')[0])
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath
  throw new Problem(
    `npm carries no Node.js ${major} for ${process.platform} on ${process.arch}, and this one is ${process.versions.node}`,
    `install Node.js ${major}, or set NEBULA_NODE to one`,
  )
}
