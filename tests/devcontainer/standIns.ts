import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { repository } from '../lib/checkout.ts'
import { committedChecksums, defaultVersions, sha256 } from '../lib/toolchain.ts'

/** Stand-ins for what a machine without image registries cannot have; where it is not, everything is the real thing. */
const lab = path.join(repository, '../shared/lab/lab')

/**
 * Replaces in a checkout what this machine cannot have: the Feature docker-in-docker, and the publishers of the tools,
 * for which a mirror of the tools that are here steps in. Nothing else.
 * @returns the images that the container's Docker has to be given because it can pull none; empty where it can.
 */
export function useStandIns(root: string): readonly string[] {
  if (!existsSync(lab)) return []
  const folder = path.join(root, '.devcontainer')
  output(lab, 'dind-feature', path.join(folder, 'docker-in-docker'))
  forgetOldProcesses(path.join(folder, 'docker-in-docker/install.sh'))
  const versions = makeMirror(path.join(folder, 'toolchain'))
  const file = path.join(folder, 'devcontainer.json')
  const text = readFileSync(file, 'utf8')
    .replace(/"ghcr\.io\/devcontainers\/features\/docker-in-docker:[^"]+"/, '"./docker-in-docker"')
    .replace('"./toolchain": {}', `"./toolchain": ${JSON.stringify({ ...versions, mirror: 'mirror' })}`)
  writeFileSync(file, text)
  const base = /"image": "([^"]+)"/.exec(text)?.[1] ?? ''
  return output(path.join(repository, '.ci/provide-images'), lab, base).split('\n')
}

/**
 * A container that is stopped kills its dockerd, which leaves the pids of itself and of its containerd behind; when
 * another process has one of them after the start, Docker takes that for its own and waits for it in vain. The real
 * Feature deletes them all, the stand-in for it only some.
 */
function forgetOldProcesses(installer: string): void {
  const known = 'start() { rm -f'
  const text = readFileSync(installer, 'utf8')
  if (!text.includes(known)) throw new Error(`${installer}: there is no "${known}" to add to`)
  const all = "find /run /var/run/ '(' -name 'docker*.pid' -o -name 'container*.pid' ')' -delete"
  writeFileSync(installer, text.replace(known, `start() { ${all}; rm -f`))
}

/**
 * Gives the Feature a mirror of this machine's tools, at the paths of the publishers' files, with their checksums in place
 * of the publishers', and returns their versions.
 */
function makeMirror(feature: string): Readonly<Record<string, string>> {
  const versions: Record<string, string> = {}
  const checksums: string[] = []
  for (const [tool, published] of defaultVersions()) {
    const program = programOf(tool)
    const version = versionOf(tool, program)
    const file = publishedPath(tool).replaceAll(published, version)
    const target = path.join(feature, 'mirror', file)
    mkdirSync(path.dirname(target), { recursive: true })
    if (file.endsWith('.tar.gz')) archive(program, target)
    else copyFileSync(program, target)
    versions[tool] = version
    checksums.push(`${sha256(target)}  ${file}\n`)
  }
  writeFileSync(path.join(feature, 'checksums.sha256'), checksums.join(''))
  return versions
}

function programOf(tool: string): string {
  // On PATH `just` is a script that starts this one.
  const [just] = globSync('node_modules/.pnpm/rust-just-linux-*/node_modules/rust-just-linux-*/bin/just', {
    cwd: repository,
  })
  if (tool === 'just') return path.join(repository, just ?? '')
  return output('bash', '-c', 'eval "$("$0" env)"; command -v "$1"', lab, tool)
}

function versionOf(tool: string, program: string): string {
  const flags = { just: ['--version'], kubectl: ['version', '--client'] }[tool] ?? ['version']
  return /\d+\.\d+\.\d+/.exec(output(program, ...flags))?.[0] ?? ''
}

/** Where the publisher has the tool's default version for this machine. */
function publishedPath(tool: string): string {
  const arch = process.arch === 'arm64' ? /arm64|aarch64/ : /amd64|x86_64/
  const isIt = (file: string) => path.basename(file).startsWith(tool) && arch.test(file)
  return [...committedChecksums().keys()].find(isIt) ?? ''
}

/** Compressed as little as possible: it is unpacked once, a moment later. */
function archive(program: string, target: string): void {
  const options = ['--dereference', '--use-compress-program', 'gzip -1']
  output('tar', ...options, '-cf', target, '-C', path.dirname(program), path.basename(program))
}

function output(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim()
}
