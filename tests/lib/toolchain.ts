import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { repository } from './checkout.ts'
import { type CommandResult, run } from './nebula.ts'

const featureFolder = path.join(repository, '.devcontainer/toolchain')

const Metadata = z.object({ options: z.record(z.string(), z.object({ default: z.string() })) })

/** The tools of the Feature with their default versions. */
export function defaultVersions(): ReadonlyMap<string, string> {
  const text = readFileSync(path.join(featureFolder, 'devcontainer-feature.json'), 'utf8')
  const { mirror: _, ...tools } = Metadata.parse(JSON.parse(text)).options
  return new Map(Object.entries(tools).map(([tool, option]) => [tool, option.default]))
}

/** The lines of checksums.sha256: path to hash. */
export function committedChecksums(): ReadonlyMap<string, string> {
  const lines = readFileSync(path.join(featureFolder, 'checksums.sha256'), 'utf8').trimEnd().split('\n')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

/** A mirror of small scripts in place of the tools, at the paths that the publishers' files have, and a folder to install into. */
export class ToolchainMirror implements Disposable {
  readonly #parent = mkdtempSync(path.join(tmpdir(), 'nebula toolchain '))
  readonly feature = path.join(this.#parent, 'feature')
  readonly folder = path.join(this.#parent, 'mirror')
  readonly root = path.join(this.#parent, 'root')

  constructor() {
    cpSync(featureFolder, this.feature, { recursive: true })
    for (const file of committedChecksums().keys()) this.put(file)
    this.writeChecksums()
  }

  /** Puts a script in a tool's place; an archive holds it under the tool's name. */
  put(file: string): void {
    const target = path.join(this.folder, file)
    mkdirSync(path.dirname(target), { recursive: true })
    const tool = [...defaultVersions().keys()].find((name) => path.basename(file).startsWith(name)) ?? ''
    const script = path.join(this.#parent, tool)
    writeFileSync(script, '#!/bin/sh\necho "completion of $(basename "$0"): $*"\n')
    chmodSync(script, 0o755)
    if (file.endsWith('.tar.gz')) execFileSync('tar', ['-czf', target, '-C', this.#parent, tool])
    else cpSync(script, target)
  }

  /** Puts an archive in a tool's place that holds a link to elsewhere under the tool's name. */
  putLink(file: string, target: string): void {
    const tool = [...defaultVersions().keys()].find((name) => path.basename(file).startsWith(name)) ?? ''
    rmSync(path.join(this.#parent, tool))
    symlinkSync(target, path.join(this.#parent, tool))
    execFileSync('tar', ['-czf', path.join(this.folder, file), '-C', this.#parent, tool])
  }

  /** Gives the Feature the checksums of what is in the mirror now. */
  writeChecksums(): void {
    const files = globSync('**/*', { cwd: this.folder, withFileTypes: true }).filter((entry) => entry.isFile())
    const lines = files
      .map((entry) => path.relative(this.folder, path.join(entry.parentPath, entry.name)))
      .map((file) => `${sha256(path.join(this.folder, file))}  ${file}\n`)
    writeFileSync(path.join(this.feature, 'checksums.sha256'), lines.join(''))
  }

  /** Runs install.sh as a build does: with every option, its own or the default. */
  async install(options: Readonly<Record<string, string | undefined>> = {}): Promise<CommandResult> {
    const defaults = [...defaultVersions()].map(([tool, version]) => [tool.toUpperCase(), version])
    const env = {
      MIRROR: this.folder,
      TOOLCHAIN_MACHINE: 'x86_64',
      DESTDIR: this.root,
      // Only root can give files to another user than itself.
      _REMOTE_USER: userInfo().username,
      ...Object.fromEntries(defaults),
    }
    return await run(this.#parent, [path.join(this.feature, 'install.sh')], { env: { ...env, ...options } })
  }

  /** What is installed, as paths below the folder to install into, sorted. */
  installed(): readonly string[] {
    const files = globSync('**/*', { cwd: this.root, withFileTypes: true }).filter((entry) => entry.isFile())
    return files.map((entry) => path.relative(this.root, path.join(entry.parentPath, entry.name))).sort()
  }

  [Symbol.dispose](): void {
    rmSync(this.#parent, { recursive: true, force: true })
  }
}

export function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
