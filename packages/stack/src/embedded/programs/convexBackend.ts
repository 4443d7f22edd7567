import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { ExitCode } from '../../errors/exitCodes.ts'
import { NebulaError } from '../../errors/nebulaError.ts'
import { attempt } from '../../system/attempt.ts'
import { cacheFolders, homeOf, readCaches } from './cache.ts'
import { officialDownload } from './download.ts'
import { ask } from './executable.ts'
import type { FoundProgram, Overrides, ProgramSearch } from './programSearch.ts'
import { type FailedWay, firstOf, Variable } from './programSearch.ts'
import { CONVEX_BACKEND, CONVEX_BACKEND_DATES } from './release.ts'

/** `auto`: the real one where one is at hand. `real`: bring it. `stand-in`: ours, whatever is at hand. */
export type ConvexChoice = 'auto' | 'real' | 'stand-in'

const VARIABLE = Variable.ConvexBackend
/** Those that infra/stack.yaml gives it; a test holds one to the other. */
export const NEEDED_OPTIONS: readonly string[] = [
  '--interface',
  '--port',
  '--site-proxy-port',
  '--convex-origin',
  '--convex-site',
  '--local-storage',
  '--instance-name',
  '--instance-secret',
  '--disable-beacon',
]

export interface ConvexSearch extends ProgramSearch {
  readonly choice: ConvexChoice
  /** Told why the stand-in is to be used though there is a real one. */
  readonly onWarning: (text: string) => void
}

/**
 * Finds the real Convex backend: the one that CONVEX_LOCAL_BACKEND names, else the one in our cache, else one that the
 * Convex CLI has downloaded and that fits. Only `real` downloads it, held to a known hash.
 * @returns undefined when the stand-in is to be used.
 * @throws NebulaError when CONVEX_LOCAL_BACKEND names none that works; with `real` also when no way leads to one, then
 * with each way's reason.
 */
export async function findConvexBackend(
  search: ConvexSearch,
  overrides: Overrides = {},
): Promise<FoundProgram | undefined> {
  const { release = CONVEX_BACKEND } = overrides
  if (search.choice === 'stand-in') return undefined
  const named = search.env[VARIABLE]
  if (named) return await fromVariable(path.resolve(named), search)

  const caches = await cacheFolders(search.env, overrides.checkout)
  const works = (file: string) => checkBackend(file, search)
  const atHand = [
    { name: 'cache', find: () => readCaches(caches, release) },
    { name: 'cache of the Convex CLI', find: () => fromConvexCli(search) },
  ]
  const download = { name: 'download', find: () => officialDownload(release, caches, works, search) }
  const found = await firstOf(search.choice === 'real' ? [...atHand, download] : atHand, search)
  if (!Array.isArray(found)) return found
  if (search.choice === 'auto') {
    for (const { reason, wasOpen } of found) if (wasOpen) search.onWarning(`the stand-in runs: ${reason}`)
    return undefined
  }
  throw nothingWorked([{ name: VARIABLE, reason: 'not set', wasOpen: false }, ...found])
}

async function fromVariable(file: string, search: ProgramSearch): Promise<FoundProgram> {
  const checked = await attempt(checkBackend(file, search))
  // It does not know its own version; the Convex CLI's cache has it in the path.
  const version = releaseDate(path.basename(path.dirname(file))) ? path.basename(path.dirname(file)) : 'unknown'
  if (!(checked instanceof Error)) return { path: file, source: VARIABLE, version }
  search.signal?.throwIfAborted()
  throw new NebulaError(`the environment variable ${VARIABLE} names no Convex backend that works: ${checked.message}`, {
    code: 'CONVEX_BACKEND_UNUSABLE',
    hint: `unset ${VARIABLE}, or set it to a convex-local-backend`,
    exitCode: ExitCode.Precondition,
    cause: checked,
  })
}

/**
 * `~/.cache/convex/binaries/<release>/convex-local-backend`, on macOS too: the newest that fits.
 * @throws NebulaError when there are some that fit, but none that works.
 */
async function fromConvexCli(search: ProgramSearch): Promise<FoundProgram | string> {
  const folder = path.join(homeOf(search.env), '.cache', 'convex', 'binaries')
  const listed = await attempt(readdir(folder))
  if (listed instanceof Error) return `nothing in ${folder}`
  const { from, to } = CONVEX_BACKEND_DATES
  const versions = listed.filter((version) => {
    const date = releaseDate(version)
    return date !== null && date >= from && date < to
  })
  const reasons: string[] = []
  for (const version of versions.sort().reverse()) {
    const file = path.join(folder, version, CONVEX_BACKEND.program)
    const checked = await attempt(checkBackend(file, search))
    if (!(checked instanceof Error)) return { path: file, source: 'cache of the Convex CLI', version }
    reasons.push(checked.message)
  }
  if (reasons.length > 0) throw unusable(reasons.join('; '))
  if (listed.length === 0) return `nothing in ${folder}`
  return `none in ${folder} fits convex ${CONVEX_BACKEND_DATES.package}: from ${from} on, before ${to}`
}

function releaseDate(version: string): string | null {
  return /^precompiled-(\d{4}-\d{2}-\d{2})-/.exec(version)?.[1] ?? null
}

/** @throws NebulaError when it does not run, or does not have the options that we need. */
async function checkBackend(file: string, { signal }: ProgramSearch): Promise<void> {
  const help = await ask(file, ['--help'], signal)
  const missing = NEEDED_OPTIONS.filter((option) => !help.includes(option))
  if (missing.length === 0) return
  throw unusable(`${file} is no Convex backend, or too old a one: no ${missing.join(', ')}`)
}

function unusable(message: string): NebulaError {
  return new NebulaError(message, { code: 'CONVEX_BACKEND_UNUSABLE', exitCode: ExitCode.Precondition })
}

function nothingWorked(ways: readonly FailedWay[]): NebulaError {
  const list = ways.map(({ name, reason }) => `\n  ${name}: ${reason}`).join('')
  return new NebulaError(`the real Convex backend could not be obtained. Tried:${list}`, {
    code: 'CONVEX_BACKEND_MISSING',
    hint: `use the stand-in, or bring the file from elsewhere: ${VARIABLE}=/path/to/convex-local-backend npm run up`,
    exitCode: ExitCode.Precondition,
    details: ways,
  })
}
