import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Problem, root } from './common.mjs'

/**
 * The Node.js that commands run under: the one that package.json pins, or, where npm carries none for this platform,
 * the machine's own if it is new enough.
 */
export function pinnedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const pinned = path.join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', name)
  if (existsSync(pinned)) return pinned
  const major = pinnedMajor()
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath
  throw new Problem(
    `npm carries no Node.js ${major} for ${process.platform} on ${process.arch}, and this one is ${process.versions.node}`,
    `install Node.js ${major}`,
  )
}

function pinnedMajor() {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  return Number(Object.values(optionalDependencies)[0].split('.')[0])
}
